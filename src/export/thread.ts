// The dataset's thread, or process.
import { openEndpoint } from '../actors/endpoint.ts'
import { runActor } from '../actors/run-actor.ts'
import { dataset } from './actor.ts'

runActor(await openEndpoint(), dataset)
