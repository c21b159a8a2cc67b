// A producer in a process of its own, to be killed. It hands in events 1, 2, 3 ... in contributions
// of one to three, over a line that doubles and reorders them, and knows one rule: when the log says
// what it expects, go on from there.
//
//   node producer.child.ts <seed> <position to go on behind> <last event>
import { seededRandom } from '../../../src/base/random.ts'
import type { Answer, Handed } from './messages.ts'

const [seed = 0, start = 0, last = 0] = process.argv.slice(2).map(Number)
const random = seededRandom(seed)
/** Contributions on their way at once. */
const WINDOW = 16
const DOUBLED = 0.1
const REORDERED = 0.05

/** The end of what was handed in, and of what is known to be durable. */
let handed = start
let durable = start
let onTheWay = 0
let round = 0
/** Overtaken by the one after it. */
let delayed: Handed | undefined

function send(one: Handed): void {
  onTheWay++
  process.send?.(one)
}

function handIn(): void {
  while (handed < last && onTheWay < WINDOW) {
    const position = Math.min(last, handed + 1 + random.below(3))
    const one: Handed = { after: handed, position, round }
    handed = position
    if (delayed === undefined && random.next() < REORDERED && position < last) {
      delayed = one
      continue
    }
    send(one)
    if (random.next() < DOUBLED) send(one)
    if (delayed) send(delayed)
    delayed = undefined
  }
}

process.on('message', (answer: Answer) => {
  onTheWay--
  if ('position' in answer) durable = Math.max(durable, answer.position)
  else if (answer.round === round) {
    // All that is on its way behind it will be refused as well.
    round++
    handed = answer.expected
    delayed = undefined
  }
  if (durable === last) process.exit(0)
  handIn()
})
process.on('disconnect', () => process.exit(1))
handIn()
if (start === last) process.exit(0)
