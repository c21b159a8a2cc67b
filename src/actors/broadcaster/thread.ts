// The broadcaster's thread, or process.
import { openEndpoint } from '../endpoint.ts'
import { runActor } from '../run-actor.ts'
import { broadcaster } from './actor.ts'

runActor(await openEndpoint(), broadcaster)
