// What a row of the dataset consists of: from the caller's description to the `features` of
// info.json, with all rules of names, types and shapes checked before anything is written.
import { RollcastError } from '../../base/errors.ts'

/** Types of numbers that a table can hold. */
export type NumericType =
  | 'float32'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'bool'

/** Numbers of every row. */
export interface NumericDescription {
  readonly dtype: NumericType
  /** Default [1], a scalar. More than one dimension is flattened, row by row. */
  readonly shape?: readonly number[]
  /** One name for each component after flattening; default none. */
  readonly names?: readonly string[]
}

/** A picture of every row. */
export interface PictureDescription {
  /** `video`: in MP4 files only. `image`: PNG files in the table. */
  readonly dtype: 'image' | 'video'
  /** Height, width, channels (1 or 3). */
  readonly shape: readonly [number, number, number]
  /** How it is encoded, for people: added to what is found in the first video file. */
  readonly info?: Readonly<Record<string, unknown>>
}

/** One quantity of every row. */
export type FeatureDescription =
  | NumericDescription
  | PictureDescription
  | { readonly dtype: 'string' }

/** What a dataset holds. */
export interface DatasetDescription {
  /** Rows a second, an integer; of videos too. */
  readonly fps: number
  /** Free text; default null. */
  readonly robotType?: string
  /** By name, in the order of the columns. */
  readonly features: Readonly<Record<string, FeatureDescription>>
}

/** A feature as info.json has it. */
export interface Feature {
  readonly dtype: NumericType | 'string' | 'image' | 'video'
  readonly shape: readonly number[]
  readonly names: readonly string[] | null
  readonly info?: Readonly<Record<string, unknown>>
}

export type Features = Readonly<Record<string, Feature>>

const scalar = (dtype: NumericType): Feature => ({ dtype, shape: [1], names: null })

/** The features that every dataset has, in this order, after its own. */
export const bookkeeping = {
  timestamp: scalar('float32'),
  frame_index: scalar('int64'),
  episode_index: scalar('int64'),
  index: scalar('int64'),
  task_index: scalar('int64'),
} as const satisfies Features

const numericTypes: ReadonlySet<string> = new Set<NumericType>([
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'bool',
])

/** Names to which the training code gives a meaning, with what they must be. */
const scalarNames: Readonly<Record<string, NumericType>> = {
  'next.reward': 'float32',
  'next.done': 'bool',
  'next.truncated': 'bool',
  'next.success': 'bool',
}

/** Video features are a directory each: what file systems and globs can carry. */
const NAME_PATTERN = /^[\p{L}\p{N}_][\p{L}\p{N}_.\- ]*$/u
const NAME_CHARACTERS_MAX = 200

export const isPicture = (feature: { readonly dtype: string }): boolean =>
  feature.dtype === 'image' || feature.dtype === 'video'

const isDescribedPicture = (given: FeatureDescription): given is PictureDescription =>
  isPicture(given)

export const hasStatistics = (feature: Feature): boolean => feature.dtype !== 'string'

/** Numbers of a row, 1 for a scalar. Of pictures: the channels. */
export const featureWidth = (feature: Feature): number =>
  isPicture(feature)
    ? (feature.shape[2] ?? 0)
    : feature.shape.reduce((product, side) => product * side, 1)

export const videoKeys = (features: Features): string[] =>
  Object.keys(features).filter(name => features[name]?.dtype === 'video')

/** Features as info.json has them, bookkeeping appended. BAD_INPUT names the first bad one. */
export function describeFeatures(description: DatasetDescription): Features {
  const { fps } = description
  if (!Number.isInteger(fps) || fps < 1) throw bad(`fps: expected an integer above 0, found ${fps}`)
  const features: Record<string, Feature> = {}
  for (const [name, given] of Object.entries(description.features)) {
    checkName(name)
    const feature = describeFeature(name, given)
    checkMeaning(name, feature)
    features[name] = feature
  }
  return { ...features, ...bookkeeping }
}

/** The other way: the description of a dataset that has `features`. */
export function describedBy(features: Features): Readonly<Record<string, FeatureDescription>> {
  const own = Object.entries(features).filter(([name]) => !(name in bookkeeping))
  return Object.fromEntries(
    own.map(([name, { dtype, shape, names }]): [string, FeatureDescription] => {
      if (dtype === 'string') return [name, { dtype }]
      if (dtype === 'image' || dtype === 'video') {
        return [name, { dtype, shape: shape as PictureDescription['shape'] }]
      }
      return [name, { dtype, shape, ...(names && { names }) }]
    }),
  )
}

const text: Feature = { dtype: 'string', shape: [1], names: null }

function describeFeature(name: string, given: FeatureDescription): Feature {
  if (given.dtype === 'string') return text
  return isDescribedPicture(given) ? describePicture(name, given) : describeNumbers(name, given)
}

function describeNumbers(name: string, given: NumericDescription): Feature {
  if (!numericTypes.has(given.dtype)) throw bad(`${name}: unknown dtype ${String(given.dtype)}`)
  const shape = given.shape ?? [1]
  if (shape.length === 0 || !shape.every(side => Number.isInteger(side) && side >= 1)) {
    throw bad(`${name}: expected a shape of integers above 0, found [${shape.join(', ')}]`)
  }
  const width = shape.reduce((product, side) => product * side, 1)
  const names = given.names ?? null
  if (names && names.length !== width) {
    throw bad(`${name}: expected ${width} names of components, found ${names.length}`)
  }
  return { dtype: given.dtype, shape: [width], names }
}

function describePicture(name: string, given: PictureDescription): Feature {
  const { dtype, shape, info } = given
  const sides = shape.every(side => Number.isInteger(side) && side >= 1)
  if (shape.length !== 3 || !sides || (shape[2] !== 1 && shape[2] !== 3)) {
    throw bad(`${name}: expected [height, width, 1 or 3 channels], found [${shape.join(', ')}]`)
  }
  if (dtype === 'video' && (shape[0] % 2 === 1 || shape[1] % 2 === 1)) {
    const size = `${shape[1]}x${shape[0]}`
    throw bad(`${name}: video needs an even width and height, found ${size}; 'image' takes any`)
  }
  const feature: Feature = { dtype, shape, names: ['height', 'width', 'channels'] }
  return info ? { ...feature, info } : feature
}

function checkName(name: string): void {
  if (name in bookkeeping) throw bad(`${name}: this feature is made by the dataset itself`)
  if (name.length > NAME_CHARACTERS_MAX || !NAME_PATTERN.test(name)) {
    throw bad(
      `${JSON.stringify(name)}: expected a feature name of letters, digits, '_', '-', '.' and ` +
        `spaces, no '/', at most ${NAME_CHARACTERS_MAX} characters`,
    )
  }
}

function checkMeaning(name: string, feature: Feature): void {
  const wanted = scalarNames[name]
  if (wanted && (feature.dtype !== wanted || feature.shape[0] !== 1)) {
    throw bad(`${name}: expected ${wanted} [1], found ${feature.dtype} [${feature.shape.join()}]`)
  }
  if (name.startsWith('observation.images.') && !isPicture(feature)) {
    throw bad(`${name}: expected an image or a video, found ${feature.dtype}`)
  }
  if ((name === 'action' || name === 'observation.state') && !numericTypes.has(feature.dtype)) {
    throw bad(`${name}: expected numbers, found ${feature.dtype}`)
  }
}

const bad = (message: string): RollcastError =>
  new RollcastError('BAD_INPUT', `dataset feature ${message}`)
