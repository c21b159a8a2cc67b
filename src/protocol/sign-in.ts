// What the gateway says of who has come in.
import * as v from 'valibot'
import { roles } from './rights.ts'

/** The answer to `GET /session`: who the server takes its caller for. */
export const sessionSchema = v.object({
  /** Whether a token is asked for at all. */
  required: v.boolean(),
  role: v.nullable(v.picklist(roles)),
})
export type Session = v.InferOutput<typeof sessionSchema>
