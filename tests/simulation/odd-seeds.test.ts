// The odd seeds of the simulation's campaign.
import { test } from 'vitest'
import { campaign } from './campaign.ts'

test(
  'P1 P3 P4 P5 P7 P8 P10 P11 SIM: all invariants hold after every step, and all is well at last',
  { timeout: 3_600_000 },
  () => campaign('odd'),
)
