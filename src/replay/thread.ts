// The player's thread, or process.
import { openEndpoint } from '../actors/endpoint.ts'
import { runActor } from '../actors/run-actor.ts'
import { player } from './actor.ts'

runActor(await openEndpoint(), player)
