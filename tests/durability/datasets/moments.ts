// What a program that makes video and a dataset is doing when it is killed. It says so itself: two
// lines of the product are planted with a word each, and a dataset tells its steps to whoever asks.
// After each word its thread waits a moment, or moves of a microsecond would never be hit.
import type { Plant } from '../../faults/plant.ts'
import type { Program } from '../../runtime/harness.ts'

export type Moment =
  | 'starting'
  | 'recording'
  /** An encoder flushes a video and puts it in its place. */
  | 'finishing'
  /** Videos are joined for the dataset. */
  | 'remuxing'
  /** Rows, tasks, episodes, statistics and info are written aside. */
  | 'tables'
  /** What was made aside is made durable, with the list of what goes where. */
  | 'flushing'
  /** Files are put in their places. */
  | 'moving'
  | 'closing'

const MILLIS_AFTER_WORD = 1
/** JavaScript that says `{ "<key>": <value> }`; `value` is JavaScript as well. */
const say = (key: string, value: string): string =>
  `void (process.getBuiltinModule('node:fs').writeSync(1, JSON.stringify({ ${key}: ${value} }) + '\\n'), ` +
  `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${MILLIS_AFTER_WORD}))`

const segment = 'src/media/segment.ts'
const flush = 'this.#encoder.flush()'
const put = 'putInPlace(this.#path)'
const saved = 'this.#state = next'

export const tellingPlants: readonly Plant[] = [
  { file: segment, find: flush, replace: `${say('moment', "'finishing'")}\n${flush}` },
  { file: segment, find: put, replace: `${put}\n${say('moment', "'finished'")}` },
  {
    file: 'src/export/lerobot/open-dataset.ts',
    find: 'options.beforeStep ?? (() => {})',
    replace: `options.beforeStep ?? (step => ${say('step', 'step')})`,
  },
  {
    file: 'src/export/lerobot/dataset-writer.ts',
    find: saved,
    replace: `${saved}\n${say('moment', "'saved'")}`,
  },
]

/** What a step of a dataset belongs to. */
function momentOf(step: string): Moment {
  if (step.startsWith('make videos/')) return 'remuxing'
  if (step.startsWith('make ')) return 'tables'
  return step.startsWith('move ') || step.startsWith('remove ') ? 'moving' : 'flushing'
}

/** Follows what a program says. */
export class Watch {
  #program: Moment | undefined
  #dataset: Moment | undefined
  #finishing = 0
  #rest = ''
  /** Told each time that a moment begins. */
  onMoment: (moment: Moment) => void = () => {}

  constructor({ process }: Program) {
    // A program's own list of what it said is looked at every ten milliseconds: too late here.
    process.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#take(JSON.parse(line))
    })
  }

  /** What the program is at: the dataset's work first, then an encoder's, then its own. */
  get moment(): Moment | undefined {
    return this.#dataset ?? (this.#finishing > 0 ? 'finishing' : this.#program)
  }

  #take({ moment, step }: { moment?: Moment | 'finished' | 'saved'; step?: string }): void {
    if (step !== undefined) this.#begin(momentOf(step))
    else if (moment === 'saved') this.#dataset = undefined
    else if (moment === 'finished') this.#finishing--
    else if (moment !== undefined) this.#begin(moment)
  }

  #begin(moment: Moment): void {
    if (moment === 'finishing') this.#finishing++
    else if (['starting', 'recording', 'closing'].includes(moment)) this.#program = moment
    else this.#dataset = moment
    this.onMoment(moment)
  }
}
