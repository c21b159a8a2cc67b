// Schemas are interpreted, not compiled: the Content-Security-Policy forbids eval. Imported first,
// because a schema makes its choice when it is defined.
import { config } from 'zod'

config({ jitless: true })
