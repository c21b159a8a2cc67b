// What every campaign of kills asks of the log of a run, when it is over: what the trainer told is
// there, all of it, once and in its order; the encoder accounts for every frame; exactly those died
// that were killed; and no restart made a fact twice.
import type { Envelope, EventOf } from '../../src/protocol/events.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'

/** What is known from outside. */
export interface Witness {
  readonly steps: number
  readonly frames: number
  /** How often each actor was killed; those not named, never. */
  readonly kills: Readonly<Record<string, number>>
}

export interface Verdict {
  /** Steps that are not in the log, and steps that are there more than once. */
  missing: number
  doubled: number
  /** Frames that the encoder has counted whole. */
  framesIntact: number
  /** From an actor's end until it ran again, milliseconds, by actor. */
  readonly away: Record<string, number[]>
  /** Every promise that is broken, in words. */
  readonly problems: string[]
}

/** Judges the log of run directory `dir`, which no process has open. */
export async function judgeRun(dir: string, witness: Witness): Promise<Verdict> {
  const reader = openLogReader(dir)
  const judge = new Judge(witness)
  try {
    for (const envelope of reader.events({ fromSeq: 1 })) judge.take(envelope)
  } finally {
    await reader.close()
  }
  const verdict = judge.conclude()
  const { ok } = await verifyLog(dir)
  if (!ok) verdict.problems.push('the log does not verify')
  return verdict
}

class Judge {
  readonly #witness: Witness
  readonly #verdict: Verdict
  #seq = 0
  readonly #steps = new Map<number, number>()
  #lastStep = -1
  #captured = 0
  #owed = 0
  readonly #accounts = new Set<number>()
  readonly #milestones = new Set<string>()
  readonly #died: Record<string, number> = {}

  constructor(witness: Witness) {
    this.#witness = witness
    this.#verdict = { missing: 0, doubled: 0, framesIntact: 0, away: {}, problems: [] }
  }

  take({ seq, event }: Envelope): void {
    this.#expect(seq === ++this.#seq, () => `event ${seq} stands where ${this.#seq} should`)
    if (event.type === 'step_taken') this.#takeStep(event.position?.[0] ?? -1)
    else if (event.type === 'frame_captured') this.#captured++
    else if (event.type === 'frames_counted') this.#takeAccount(event)
    else if (event.type === 'actor_changed') this.#takeChange(event)
    else if (event.type === 'milestone_reached') {
      const fact = `${event.milestone} ${event.value}`
      this.#expect(!this.#milestones.has(fact), () => `milestone twice: ${fact}`)
      this.#milestones.add(fact)
    } else {
      this.#expect(event.type !== 'gap_found', () => `a gap before event ${seq}`)
    }
  }

  #takeAccount({ episode, owed, intact }: EventOf<'frames_counted'>): void {
    this.#expect(!this.#accounts.has(episode), () => `two accounts of episode ${episode}`)
    this.#accounts.add(episode)
    this.#owed += owed
    this.#verdict.framesIntact += intact
  }

  #takeStep(step: number): void {
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1)
    this.#expect(step >= this.#lastStep, () => `step ${step} after ${this.#lastStep}`)
    this.#lastStep = step
  }

  #takeChange({ actor, from, to, awayMillis, reason }: EventOf<'actor_changed'>): void {
    if (to === 'gone' && from !== 'stopped') {
      this.#died[actor] = (this.#died[actor] ?? 0) + 1
      this.#expect(actor in this.#witness.kills, () => `${actor} died unasked: ${reason}`)
    }
    if (to !== 'running' || awayMillis === undefined) return
    this.#verdict.away[actor] = [...(this.#verdict.away[actor] ?? []), awayMillis]
  }

  conclude(): Verdict {
    const { steps, frames, kills } = this.#witness
    const verdict = this.#verdict
    for (let step = 0; step < steps; step++) if (!this.#steps.has(step)) verdict.missing++
    for (const times of this.#steps.values()) verdict.doubled += times - 1
    this.#expect(verdict.missing === 0, () => `${verdict.missing} steps are missing`)
    this.#expect(verdict.doubled === 0, () => `${verdict.doubled} steps are there twice`)
    this.#expect(this.#captured === frames, () => `${this.#captured} of ${frames} frames`)
    const { framesIntact } = verdict
    this.#expect(this.#owed === frames, () => `${this.#owed} frames owed of ${frames}`)
    this.#expect(framesIntact === frames, () => `${framesIntact} frames intact of ${frames}`)
    const [died, killed] = [this.#died, kills].map(by => JSON.stringify(Object.entries(by).sort()))
    this.#expect(died === killed, () => `died ${died}, killed ${killed}`)
    return verdict
  }

  #expect(holds: boolean, problem: () => string): void {
    if (!holds) this.#verdict.problems.push(problem())
  }
}
