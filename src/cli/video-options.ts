// `--profile` and `--fps`: how video is encoded where it has to be.
import { InvalidArgumentError, Option } from 'commander'
import { profiles, type VideoProfile } from '../media/profiles.ts'
import { integer } from './arguments.ts'

/** As a run's own video may have. */
export const framesPerSecond = integer(1, 240)

const names = [...Object.keys(profiles), 'auto']

export const profileOption = (standard: keyof typeof profiles): Option =>
  new Option('--profile <NAME>', `what is encoded anew is encoded so: ${names.join(', ')}`)
    .argParser((text): VideoProfile => {
      if (names.includes(text)) return text as VideoProfile
      throw new InvalidArgumentError(`Expected one of ${names.join(', ')}.`)
    })
    .default(standard)
