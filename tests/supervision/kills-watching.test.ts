// S1 of those that somebody watches by, the aggregator and the broadcaster.
import { watching } from './kill-targets.ts'
import { declareKills } from './kills.ts'

declareKills(watching)
