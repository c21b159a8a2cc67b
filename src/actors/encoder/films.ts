// The cameras of one encoder: which of the run's are its own, and the film of each.
import { encodersByCamera } from '../../protocol/encoder-names.ts'
import type { LogReader } from '../../store/event-log.ts'
import { Film, type Studio } from './film.ts'
import type { FilmState } from './logic.ts'

interface Camera {
  readonly agent: string
  readonly camera: string
}

const keyOf = ({ agent, camera }: Camera): string => `${agent}/${camera}`

export class Films {
  readonly #reader: LogReader
  readonly #name: string
  readonly #studio: Studio | undefined
  readonly #films = new Map<string, Film>()
  readonly #mine = new Map<string, boolean>()

  /** Of the encoder called `name`. Without a studio there are no films. */
  constructor(name: string, reader: LogReader, studio: Studio | undefined) {
    this.#reader = reader
    this.#name = name
    this.#studio = studio
  }

  isMine(camera: Camera): boolean {
    const key = keyOf(camera)
    let mine = this.#mine.get(key)
    if (mine === undefined) {
      mine = encodersByCamera(this.#reader.layouts().all()).get(key) === this.#name
      this.#mine.set(key, mine)
    }
    return mine
  }

  of(camera: Camera): Film | undefined {
    if (this.#studio === undefined) return undefined
    const key = keyOf(camera)
    const film = this.#films.get(key) ?? new Film(this.#studio, camera)
    this.#films.set(key, film)
    return film
  }

  /** What is in hand, as plain data. */
  get state(): FilmState[] {
    return [...this.#films.values()].map(({ state }) => state)
  }

  /** Lets go of what is in hand; another will make it again. */
  discard(): void {
    for (const film of this.#films.values()) film.discard()
  }
}
