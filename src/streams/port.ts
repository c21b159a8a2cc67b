// Ports between threads and processes: a bounded channel at one end, an Observable at the other.
export type { MessagePortLike } from './port-messages.ts'
export { PortReceiver } from './port-receiver.ts'
export { PortSender, type PortSenderOptions } from './port-sender.ts'
