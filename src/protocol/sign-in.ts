// What the gateway says of who has come in.
import { z } from 'zod'
import { roles } from './rights.ts'

/** The answer to `GET /session`: who the server takes its caller for. */
export const sessionSchema = z.object({
  /** Whether a token is asked for at all. */
  required: z.boolean(),
  role: z.enum(roles).nullable(),
})
export type Session = z.output<typeof sessionSchema>
