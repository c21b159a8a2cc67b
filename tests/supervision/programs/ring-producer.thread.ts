// A producer that dies in the middle of writing a record: by ending its own thread there, or by
// standing still there until it is terminated. Every record carries who wrote it and a checksum.
import { workerData } from 'node:worker_threads'
import { crc32 } from '../../../src/base/checksum.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'

/** The steps of a write, in their order; death comes before the named one. */
export const steps = ['reserve', 'copy', 'checksum', 'header', 'publish', 'notify'] as const
export type Step = (typeof steps)[number]

export interface ProducerTask {
  readonly buffer: SharedArrayBuffer
  /** Which of the producers of this ring; from 1. */
  readonly life: number
  /** Records that are written whole before the last one. */
  readonly records: number
  readonly step: Step
  readonly how: 'exit' | 'terminate'
  /** Two words, 0 at first: the producer may begin; it stands still and waits to be terminated. */
  readonly signals: SharedArrayBuffer
}

export const MAY_BEGIN = 0
export const STANDS_STILL = 1

const HEADER_BYTES = 8
const CHECKSUM_BYTES = 4

/** The payload of a record, without its checksum: lengths of all sizes, up to what a ring takes. */
export function fillPayload(bytes: Uint8Array, life: number, index: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint32(0, life, true)
  view.setUint32(4, index, true)
  bytes.fill((life * 31 + index * 17) & 255, HEADER_BYTES)
}

export function payloadBytesOf(index: number, payloadBytesMax: number): number {
  const bytes = HEADER_BYTES + CHECKSUM_BYTES + ((index * 7919) % 600)
  return index % 50 === 0 ? payloadBytesMax : bytes
}

/** Whether a payload is one whole record; then who wrote it. */
export function readPayload(bytes: Uint8Array): { life: number; index: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const body = bytes.byteLength - CHECKSUM_BYTES
  if (body < HEADER_BYTES || view.getUint32(body, true) !== crc32(bytes.subarray(0, body))) return
  return { life: view.getUint32(0, true), index: view.getUint32(4, true) }
}

function produce(task: ProducerTask): void {
  let dying = false
  const atStep = (step: Step): void => {
    if (dying && step === task.step) die(task)
  }
  // The thread stands ready before its predecessor dies; the ring has one producer at a time.
  Atomics.wait(new Int32Array(task.signals), MAY_BEGIN, 0)
  // Called from where the campaign has planted it in the writer.
  Object.assign(globalThis, { atStep })
  const writer = new RingWriter(task.buffer, systemClock)
  const scratch = new Uint8Array(writer.payloadBytesMax)
  for (let index = 0; ; index++) {
    dying = index === task.records
    const length = payloadBytesOf(index, writer.payloadBytesMax)
    const body = length - CHECKSUM_BYTES
    fillPayload(scratch.subarray(0, body), task.life, index)
    let at = writer.claim(length)
    while (at < 0) {
      writer.waitReleased(writer.releasedPosition + 8, 1_000)
      at = writer.claim(length)
    }
    writer.bytes.set(scratch.subarray(0, body >> 1), at)
    atStep('copy')
    writer.bytes.set(scratch.subarray(body >> 1, body), at + (body >> 1))
    atStep('checksum')
    const view = new DataView(task.buffer, at + body)
    view.setUint32(0, crc32(scratch.subarray(0, body)), true)
    writer.commit(index)
  }
}

function die({ how, signals }: ProducerTask): void {
  if (how === 'exit') process.exit()
  const words = new Int32Array(signals)
  Atomics.store(words, STANDS_STILL, 1)
  Atomics.notify(words, STANDS_STILL)
  for (;;) Atomics.wait(words, STANDS_STILL, 1)
}

if (workerData) produce(workerData as ProducerTask)
