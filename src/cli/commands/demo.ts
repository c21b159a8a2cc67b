// `rollcast demo`: a training that is worth watching, with the recorder on board (examples/demo.ts).
import { type Command, Option } from 'commander'
import type { DemoProgress } from '../../../examples/demo/account.ts'
import { type DemoEnvironment, demoEnvironments } from '../../../examples/demo/training.ts'
import type { DemoResult } from '../../../examples/demo.ts'
import { systemClock } from '../../base/clock.ts'
import { describeError } from '../../base/errors.ts'
import { loadMedia } from '../../media/ffmpeg.ts'
import { integer, portNumber, seconds } from '../arguments.ts'
import { choosePort, hostOption, sayLink, tokenOption } from '../choose-port.ts'
import { type DemoFacts, readDemoFacts, summaryLines } from '../demo-summary.ts'
import { catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import { hasDisplay, openBrowser } from '../open-browser.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { runsDirectory } from '../run-directory.ts'
import { brief, counted, grouped } from '../wording.ts'

const DEFAULT_SECONDS = 120

interface DemoCommandOptions {
  readonly env: DemoEnvironment
  readonly episodes?: number
  readonly seconds?: number
  readonly open: boolean
  readonly video: boolean
  readonly port?: number
  readonly host: string
  readonly token?: true
  readonly dir?: string
  readonly seed: number
  readonly unpaced?: true
  readonly json?: true
}

export function addDemo(program: Command, output: Output): void {
  program
    .command('demo')
    .description('train a small agent, record it, and show it live')
    .addOption(
      new Option('--env <NAME>', 'what is trained')
        .choices(demoEnvironments)
        .default(demoEnvironments[0]),
    )
    .option('--seconds <S>', `end after so long; default: ${DEFAULT_SECONDS}`, seconds)
    .option('--episodes <N>', 'end when so many episodes have finished', integer(1))
    .option('--seed <N>', 'seed of the training', integer(0, 2 ** 32 - 1), 1)
    .option('--unpaced', 'train as fast as the machine can, not as fast as one can watch')
    .option('--dir <DIR>', `run directory; default: ${runsDirectory}/demo-<time>`)
    .option('--port <PORT>', 'port of the page, 0 for a free one; default: 7788', portNumber)
    .addOption(hostOption())
    .addOption(tokenOption())
    .option('--no-video', 'make no video of what the camera shows')
    .option('--no-open', 'do not open a browser')
    .option('--json', 'one JSON object at the end')
    .action((options: DemoCommandOptions) => demo(options, output))
}

async function demo(options: DemoCommandOptions, output: Output): Promise<void> {
  // Loaded only here: no other verb has to wait for it.
  const { runDemo } = await import('../../../examples/demo.ts')
  const signal = catchInterrupts()
  const port = await choosePort(options.port, output)
  const episodesMax = options.episodes ?? Number.POSITIVE_INFINITY
  const secondsMax =
    options.seconds ?? (options.episodes === undefined ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY)
  const progress = new Progress(output, systemClock)
  signal.addEventListener('abort', () => {
    progress.end()
    output.say('closing the run; Ctrl-C once more ends it at once')
  })
  const result = await runDemo(
    {
      env: options.env,
      dir: options.dir ?? `${runsDirectory}/demo-${timestamp(systemClock.now())}`,
      seed: options.seed,
      live: { port, host: options.host, token: options.token ?? false },
      seconds: secondsMax,
      episodes: episodesMax,
      paced: !options.unpaced,
      video: options.video && canMakeVideo(output),
    },
    {
      signal,
      onStarted({ url, link, dir }) {
        output.say(`recording into ${dir}`)
        output.say(`watch it live at ${output.style('bold', String(url))}`)
        sayLink(link, output)
        // A link is for whoever reads this: what a browser is started with, all users can see.
        const opens = options.open && output.terminal && hasDisplay()
        if (url !== null && link === null && opens) openBrowser(url)
      },
      onProgress(now) {
        const done = Math.max(now.seconds / secondsMax, now.episodes / episodesMax)
        progress.update(done, progressText(now))
      },
    },
  ).finally(() => progress.end())
  const facts = await readDemoFacts(result)
  if (options.json) return output.writeJson(resultJson(result, facts))
  for (const line of summaryLines(result, facts)) output.say(line)
}

/** Without FFmpeg the demo does without, and says how to get it. */
function canMakeVideo(output: Output): boolean {
  try {
    loadMedia()
    return true
  } catch (error) {
    output.say(`without video: ${describeError(error)}`)
    return false
  }
}

/** What is shown of the metrics of a training, if it has them. */
const shownMetrics: readonly (readonly [name: string, show: (value: number) => string])[] = [
  ['rollout/ep_len_mean', steps => `survival ${Math.round(steps)}`],
  ['rollout/stage', stage => `stage ${stage}`],
  ['rollout/exploration_rate', epsilon => `epsilon ${epsilon.toFixed(2)}`],
  ['train/approx_kl', divergence => `KL ${divergence.toFixed(3)}`],
]

function progressText({ seconds, episodes, steps, metrics = {}, ...now }: DemoProgress): string {
  const shown = shownMetrics.flatMap(([name, show]) => {
    const value = metrics[name]
    return value === undefined ? [] : show(value)
  })
  const speed = `${grouped(steps / seconds)} steps/s`
  const cost = `cost ${brief(now.trainerCostPercent)} %`
  return [counted(episodes, 'episode'), ...shown, speed, cost].join('  ')
}

function resultJson({ learningCurve, ...result }: DemoResult, facts: DemoFacts): object {
  return {
    ...snakeCase(result),
    ...snakeCase(facts),
    learning_curve: learningCurve.map(point => snakeCase(point)),
  }
}

/** `20261121-022834`, UTC. */
const timestamp = (unixMillis: number): string =>
  new Date(unixMillis).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
