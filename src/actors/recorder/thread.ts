// The recorder's thread, or process.
import { openEndpoint } from '../endpoint.ts'
import { runActor } from '../run-actor.ts'
import { recorder } from './actor.ts'

runActor(await openEndpoint(), recorder)
