// D1 with logs on the disk, and its control.
import { runs } from '../../faults/tier.ts'
import { declareControl, declareKills } from './random-kills.ts'

declareKills('disk', runs(14, 400))
declareControl()
