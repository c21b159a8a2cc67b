// The encoder's thread, or process.
import { openEndpoint } from '../endpoint.ts'
import { runActor } from '../run-actor.ts'
import { encoder } from './actor.ts'

runActor(await openEndpoint(), encoder)
