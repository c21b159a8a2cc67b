// What the program of these campaigns plays: what an episode's rows and pictures are follows from
// its number, so that a row or picture that stands at another's place shows.

export const CAMERAS = {
  eye: { width: 64, height: 64 },
  wrist: { width: 80, height: 48 },
} as const
export type Camera = keyof typeof CAMERAS
export const cameras = Object.keys(CAMERAS) as Camera[]

/** Steps of an episode that nothing interrupts. */
export const stepsOf = (episode: number): number => 6 + ((episode * 5) % 11)

/** The one grey of a picture: far enough from that of its neighbours to be known after decoding. */
export function shadeOf(camera: string, episode: number, index: number): number {
  const shift = cameras.indexOf(camera as Camera) * 7
  return 16 * ((episode * 3 + index + shift) % 15)
}

/** The observation of a step. */
export const observationOf = (episode: number, step: number): [number, number] => [step, episode]
