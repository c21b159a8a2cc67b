// D1 with logs in memory: more writers a minute.
import { runs } from '../../faults/tier.ts'
import { declareKills } from './random-kills.ts'

declareKills('memory', runs(20, 600))
