// The aggregator's thread, or process.
import { openEndpoint } from '../endpoint.ts'
import { runActor } from '../run-actor.ts'
import { aggregator } from './actor.ts'

runActor(await openEndpoint(), aggregator)
