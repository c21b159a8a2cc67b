// Every bound in one place, with the relations between them asserted: nothing queues or loops
// without one.
import { assert } from '../base/assert.ts'
import { GIB, KIB, MIB } from '../base/bytes.ts'

export const limits = {
  /** The ingress ring between trainer and recorder. It holds all that is not yet durable. */
  ringBytes: 32 * MIB,
  /** The largest single record that the trainer may hand over (a frame, mostly). */
  recordBytesMax: 8 * MIB,
  /** The slots of the fast lane together: frames that may be written over before they are shown. */
  laneBytes: 64 * MIB,
  /** What the trainer's side may hold on its heap while the ring is full. */
  spillBytesMax: 64 * MIB,
  spillCountMax: 1_000_000,
  /** Beyond it, for what must not be lost, such as the end of an episode. */
  spillReserveBytes: 1 * MIB,
  /** Past this much that is not yet durable, `run.wouldBlock` is true (promise P2) ... */
  undurableBytesMax: 16 * MIB,
  /** ... or this many events ... */
  undurableEventsMax: 2_000,
  /** ... or when the oldest was recorded so long ago. */
  undurableMillisMax: 100,
  /** Bytes that may wait for the disk before the log's writer refuses more. Above what a ring holds. */
  pendingBytesMax: 64 * MIB,
  /** A disk that takes longer for one operation has failed; the log stops. */
  operationMillisMax: 30_000,
  /** A batch of the log closes at this many bytes of events ... */
  batchBytesMax: 256 * KIB,
  /** ... or this many events ... */
  batchCountMax: 4096,
  /** ... or when its first event is this old. */
  batchAgeMillisMax: 10,
  /** The same while a reader holds an old snapshot: every transaction then costs new pages. */
  pinnedAgeMillisMax: 40,
  /** Encoders of one run: one for each camera, and the last for all further ones. */
  encodersMax: 8,
  /** Transactions behind which a reader's snapshot is old. */
  pinnedTransactions: 64,
  /**
   * Bytes (events and frames) after which a transaction takes nothing more in; a larger frame has
   * one of its own. Larger transactions commit no more in a second, and take longer each.
   */
  transactionBytesMax: 2 * MIB,
  /** Address space of one log; a log that reaches it fails stop like a full disk. */
  logBytesMax: 256 * GIB,
  /** Free disk space below which the log stops before LMDB could meet ENOSPC. */
  freeBytesMin: 64 * MIB,
  /** Encoded extra information of one step, metric sample or insight. */
  infoBytesMax: 256 * KIB,
  /** Declared layouts (one for each agent's steps and each camera). */
  layoutsMax: 4096,
  /** Numbers in one step: position, action, values, meters and observation together. */
  stepValuesMax: 100_000,
  /** Finished episodes that wait for paced viewers (L6). */
  liveEpisodes: 10,
  /** Steps kept of one episode for viewers; longer ones are shown thinned out, and say so. */
  liveEpisodeSteps: 20_000,
  /** Numbers in them: episodes of long vectors are thinned out sooner. */
  liveEpisodeNumbers: 1_000_000,
  /** The largest n of `best(n)` and `worst(n)` in a keep rule: so many rows are held. */
  keepRankMax: 1_000,
  /** Metric names that the aggregator follows. */
  metricNamesMax: 256,
  /** Points kept of one metric's history, after down-sampling. */
  metricPoints: 512,
  /** Rows of the episode index in a projection; older rows are read from the log. */
  projectionEpisodes: 500,
  /** Rows in one page of a listing. */
  episodePage: 200,
  /** Milestones in a projection. */
  projectionMilestones: 200,
  /** Bytes that may wait in one viewer's socket before its lane drops. */
  viewerBufferBytesMax: 1 * MIB,
  /**
   * Bytes that may wait for all viewers together, in sockets and lanes and as answers; what was made once
   * for many counts once. `live.queuedBytesMax` says otherwise ...
   */
  viewersBufferBytesMax: 256 * MIB,
  /** ... but not less: of the longest answers one fits, and what the live run shows beside it. */
  viewersBufferBytesMin: 64 * MIB,
  /** Viewers at once; the next one is refused with a reason. */
  viewersMax: 1000,
  /** Agents that one viewer may follow at once. */
  viewerAgentsMax: 64,
  /** The largest message that a viewer may send. */
  viewerMessageBytesMax: 16 * KIB,
  /** Objects and lists within each other in such a message. Our own have two. */
  viewerMessageDepthMax: 16,
  /** Messages a viewer may send in a minute; pings and pongs of the protocol among them. */
  viewerMessagesPerMinute: 600,
  /** Runs of a directory that are listed, the newest ones ... */
  listedRunsMax: 1000,
  /** ... and played at a time for those who watch, each by four threads. */
  playedRunsMax: 4,
  /** Connections to the gateway at once: viewers, and what asks for a page or a figure. */
  connectionsMax: 1064,
  /** Connections at once from one address (an IPv6 /64 counts as one) ... */
  connectionsPerAddress: 20,
  /** ... and from each address of the loopback, where all programs of the machine are. */
  connectionsFromLoopback: 1032,
  /** WebSocket handshakes and exchanges of tokens in a second from one address ... */
  handshakesPerSecond: 20,
  /** ... and from the loopback: a thousand viewers that all come back at once do so in a second. */
  handshakesPerSecondFromLoopback: 1032,
  /** So many wrong tokens from one address, and for a minute none of its tokens is looked at. */
  wrongTokensPerMinute: 10,
} as const

assert(limits.recordBytesMax * 4 <= limits.ringBytes, 'a ring holds four of the largest records')
assert(limits.recordBytesMax * 4 < limits.laneBytes, 'a lane holds four of the largest frames')
assert(limits.batchBytesMax <= limits.transactionBytesMax, 'a transaction holds a batch')
assert(limits.undurableBytesMax <= limits.ringBytes, 'the warning comes before the ring is full')
assert(limits.pinnedAgeMillisMax * 2 < limits.undurableMillisMax, 'grouping alone does not warn')
assert(limits.batchAgeMillisMax < limits.pinnedAgeMillisMax, 'fewer transactions are larger')
assert(limits.ringBytes < limits.pendingBytesMax, 'what a ring holds is never refused')
assert(
  limits.viewersMax < limits.connectionsFromLoopback,
  'somebody can still ask how a full house is',
)
assert(limits.connectionsFromLoopback < limits.connectionsMax, 'one address does not take all')
assert(
  limits.connectionsFromLoopback <= limits.handshakesPerSecondFromLoopback,
  'all who may connect may do so at once',
)
assert(
  limits.viewerBufferBytesMax * 32 <= limits.viewersBufferBytesMin,
  'viewers that do not read do not fill the house by themselves at once',
)
assert(limits.infoBytesMax < limits.recordBytesMax, 'a step with information fits a record')
