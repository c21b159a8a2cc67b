// Node's HTTP. Imported as a module it evaluates all that it exports, among it an HTTP client that we
// do not use (undici): 35 ms of a processor in each thread and program, where this takes 3.
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http')
