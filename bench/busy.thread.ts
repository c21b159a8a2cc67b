// Computes until it is told to stop, so that a processor is busy with something else.
import { workerData } from 'node:worker_threads'
import { Trainer } from './trainer.ts'

const LAYERS = 16
const stop = workerData as Int32Array
const trainer = new Trainer(LAYERS, 1)

while (Atomics.load(stop, 0) === 0) trainer.step()
