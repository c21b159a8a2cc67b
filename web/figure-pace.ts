// How often the figures beside a live picture are told what the stage shows. A picture is drawn by
// a thread of its own, as it comes; figures are laid out and painted by the page, which costs far
// more, keeps the next picture waiting, and nobody reads them sixty times a second.
import type { Look } from './stage.ts'

/** While the same episode goes on. */
const FIGURES_MILLIS = 50

export class FigurePace {
  #toldAt = Number.NEGATIVE_INFINITY

  /**
   * Whether figures that show `told` are to show `look` at `now` (monotonic milliseconds); true
   * takes the turn. To be asked again for `FIGURES_MILLIS` at least: what is not due yet is due then.
   */
  isDue(told: Look | null, look: Look | null, now: number): boolean {
    if (look === told) return false
    if (goesOn(told, look) && now - this.#toldAt < FIGURES_MILLIS) return false
    this.#toldAt = now
    return true
  }
}

/** A replay is the user's: where it is led is seen at once. */
const goesOn = (told: Look | null, look: Look | null): boolean =>
  told !== null &&
  look !== null &&
  look.replay === null &&
  told.replay === null &&
  look.agent === told.agent &&
  look.episode === told.episode &&
  look.mode === told.mode
