// What Rollcast promises, as data: docs/guarantees.md is made of it and of the figures that the
// slow tier measured last (docs/figures.json). A test holds that every suite named here exists
// and that every figure has been measured.

export interface Guarantee {
  readonly id: string
  readonly name: string
  readonly promise: string
  readonly restsOn: string
  readonly notPromised: string
  readonly proofs: readonly Proof[]
}

interface Proof {
  /** Where the test is; a folder or a file. */
  readonly at: string
  readonly what: string
  /** Figures by id: `D1` stands for `D1` and all `D1.*`. None: the test passes or fails. */
  readonly figures: readonly string[]
}

export const guarantees: readonly Guarantee[] = [
  {
    id: 'P1',
    name: 'Acknowledged means durable',
    promise:
      'What was acknowledged survives the kill of any process, a crash of the system and a' +
      ' power cut.',
    restsOn:
      'LMDB copies on write and changes over by one meta page; an acknowledgement waits for' +
      ' the fdatasync of its transaction, and readers see nothing earlier (`overlappingSync:' +
      ' false`). The ring gives room back only for what is durable, so a recorder that dies' +
      ' finds the rest there again.',
    notPromised:
      'anything on a disk that lies about flushing or on a network file system (LMDB forbids' +
      ' them); with durability `relaxed`, the last second before a power cut. Nothing' +
      ' holds beside a program that opens the file by LMDB itself: that alone can take a' +
      ' transaction away (docs/decisions/0007-opening.md).',
    proofs: [
      {
        at: 'tests/durability/kills',
        what: 'a writer, and a whole run, killed at random instants and at exact system calls',
        figures: ['D1', 'D2'],
      },
      {
        at: 'tests/durability/openers',
        what: 'a log that is opened by others all the time while it is written',
        figures: ['G11'],
      },
      {
        at: 'tests/durability/kills/reopen.test.ts',
        what: 'a log that another process goes on with after its writer was killed',
        figures: ['S10'],
      },
      {
        at: 'tests/durability/power',
        what:
          'power cuts: images made of recorded writes with any part of what was not flushed' +
          ' missing or torn, and block images of a file system; without fsync the same campaign' +
          ' fails',
        figures: ['D3', 'D4'],
      },
      {
        at: 'tests/durability/datasets',
        what:
          'a program that makes video and a dataset, killed while it records, ends videos, joins' +
          ' them and writes tables: every saved episode is whole by the checks of the format and by' +
          ' a full decode, and in the end each is saved once, or refused for what the kill took',
        figures: ['V8.program', 'V8.SIGINT'],
      },
      {
        at: 'tests/durability/power/saving.test.ts',
        what:
          'power cuts while the same program works: images of its recorded writes with any part of' +
          ' what was not flushed missing or torn, judged by the same checks, and some of them gone on' +
          ' with to the end; without the flush before a file is put in its place the campaign fails',
        figures: ['D14'],
      },
      {
        at: 'tests/supervision/video.test.ts',
        what: 'encoders killed while they make video, in a thread and in a process: every frame is on it once',
        figures: ['V8.kills'],
      },
      {
        at: 'tests/supervision/outpaced.test.ts',
        what: 'an encoder that is too slow for 20 s: no frame is lost, and what waits is on disk',
        figures: ['V3'],
      },
    ],
  },
  {
    id: 'P2',
    name: 'Lost at most',
    promise:
      'Only what was not yet acknowledged can be lost, and that is bounded; past the bound' +
      ' the producer can know (`run.wouldBlock`), and what finds no room is told by an event' +
      ' in the log.',
    restsOn:
      'a group commits after 10 ms, 256 KiB or 4096 events; `run.undurable` says what is on' +
      ' its way, and past 100 ms, 2,000 events or 16 MiB `run.wouldBlock` is true (option' +
      ' `undurableMax`); ring and spill have bounds; the next opening writes `recovered` with' +
      ' the last durable number and what may have been in flight.',
    notPromised:
      'a hard stop: a trainer that does not heed `wouldBlock` can have more on its way, up to' +
      ' ring and spill.',
    proofs: [
      {
        at: 'tests/durability/kills',
        what:
          'emitted, acknowledged and recovered, compared after every kill; disks that take 50 ms' +
          ' to 2 s',
        figures: ['D1', 'D12'],
      },
    ],
  },
  {
    id: 'P3',
    name: 'Order',
    promise:
      'Events are numbered 1, 2, 3 ... without a gap; what a reader sees is a prefix of what' +
      ' was appended: nothing newer survives something older that was lost.',
    restsOn:
      'one writer, one transaction in flight, and numbers that are stored with what they' +
      ' number.',
    notPromised: 'an order between the clocks of several machines: time is told, never sorted by.',
    proofs: [
      { at: 'tests/durability', what: 'every campaign ends with this check', figures: [] },
      {
        at: 'tests/models',
        what: 'the log beside a model of itself, with every wait scheduled by the test',
        figures: ['M'],
      },
      {
        at: 'tests/simulation',
        what: 'the whole system under a script of faults: the numbers are checked after every step',
        figures: ['SIM'],
      },
      {
        at: 'tests/durability/clock',
        what: 'clocks that jump, stand still and run backwards, simulated and by libfaketime',
        figures: ['D9'],
      },
    ],
  },
  {
    id: 'P4',
    name: 'Idempotent append',
    promise:
      'A contribution is known by its producer and the position that it starts from; sent' +
      ' again it gets the numbers that it got first, and nothing is written.',
    restsOn:
      'the position of a producer is stored in the same transaction as its records; one that' +
      ' overtakes another is refused with what was expected.',
    notPromised:
      'a place in the log for contributions that arrive out of order: the producer sends' +
      ' again, in order.',
    proofs: [
      { at: 'tests/models', what: 'producers that double, reorder and die', figures: ['D11'] },
    ],
  },
  {
    id: 'P5',
    name: 'One writer, fenced',
    promise:
      'A second writer is refused within 100 ms with the pid of the first; a writer that was' +
      ' paused and replaced cannot append any more.',
    restsOn:
      'an abstract Unix socket that the kernel frees with its process, and an epoch that' +
      ' every commit compares inside its transaction.',
    notPromised: 'that a paused writer frees the log by itself: someone has to take over.',
    proofs: [
      {
        at: 'tests/durability/writers',
        what: 'second openings, killed holders, stopped holders that wake up',
        figures: ['D10'],
      },
    ],
  },
  {
    id: 'P6',
    name: 'No silent corruption',
    promise:
      'Damage is an error that names its place, never a wrong value, and never ends the' +
      ' trainer.',
    restsOn:
      'a checksum over every batch and every value with its key, checked on every read;' +
      ' before the file is mapped, its length, meta pages, trees and free pages are walked,' +
      ' because LMDB believes what it finds there.',
    notPromised:
      'to notice a change that was made together with its checksum, or damage to a file while' +
      ' it is open.',
    proofs: [
      {
        at: 'tests/durability/damage',
        what:
          'bits, pages, lengths and meta pages changed in thousands of files; what salvage brings' +
          ' back',
        figures: ['D8'],
      },
      {
        at: 'tests/durability/golden-logs.test.ts',
        what: 'logs of every version of the format, read and replayed by this one',
        figures: ['D15'],
      },
    ],
  },
  {
    id: 'P7',
    name: 'Fail-stop',
    promise:
      'At the first error of the disk, or when space runs low, the log is read-only: nothing' +
      ' more is acknowledged, health is red within a second, training and viewers go on.',
    restsOn:
      'the first error of a transaction ends the writer for good; no flush is tried twice;' +
      ' the space guard stops before LMDB meets a full disk.',
    notPromised:
      'that what is recorded after the failure is kept: it is counted; that the process' +
      ' survives an error in a page write of LMDB itself (its error text overflows a buffer),' +
      ' unless the log is written by a process of its own (`logPlacement`): the file system is' +
      ' asked before every commit, which leaves LMDB the first to meet a dead disk only rarely.',
    proofs: [
      {
        at: 'tests/durability/kills',
        what:
          'EIO and ENOSPC at the n-th call of every writing system call; the same with an LMDB that' +
          ' dies of each failed page write, in a process of its own',
        figures: ['D6'],
      },
      {
        at: 'tests/durability/disk-full',
        what: 'file systems of 1 to 16 MiB that fill up',
        figures: ['D5'],
      },
      {
        at: 'tests/durability/places',
        what: 'directories that are read-only, foreign, missing, or no directories',
        figures: ['D7'],
      },
    ],
  },
  {
    id: 'P8',
    name: 'Replay',
    promise:
      'Replaying a log gives the state of the live run, byte for byte, on every run and in' +
      ' every later version.',
    restsOn:
      'state is a fold of the log alone; event time drives it; the codec keeps what it does' +
      ' not know.',
    notPromised: 'that a snapshot of a later version is read by an earlier one: it is rebuilt.',
    proofs: [
      {
        at: 'tests/simulation',
        what: 'live state and fold of the log, compared in every simulated run',
        figures: ['SIM'],
      },
      {
        at: 'tests/durability/golden-logs.test.ts',
        what: 'the state of golden logs, by its hash',
        figures: ['D15'],
      },
    ],
  },
  {
    id: 'P9',
    name: 'The trainer is left alone',
    promise:
      'A call of the recorder takes 50 us at most at the 99th percentile and waits for' +
      ' nothing; no death of an actor ends the trainer.',
    restsOn:
      'one copy into a ring in shared memory; a full ring is met by a spill with a bound,' +
      ' then by counting.',
    notPromised:
      'anything about the time that the operating system takes from the trainer for other' +
      ' threads.',
    proofs: [
      {
        at: 'bench/suites/emit.ts',
        what:
          'a million calls with the disk stalled for 2 s, the encoder dying and viewers connected' +
          ' (`npm run bench -- emit`)',
        figures: [],
      },
      {
        at: 'tests/supervision',
        what: 'every campaign: the training program lives to its end',
        figures: ['S1', 'S2', 'S4'],
      },
      {
        at: 'tests/supervision/shutdown.test.ts',
        what: 'programs that end under load: by signals, by themselves, by errors of their own',
        figures: ['S7', 'S8'],
      },
    ],
  },
  {
    id: 'P10',
    name: 'Viewing is lossy and says so',
    promise:
      'A viewer sees the newest; every drop is counted and told. What is recorded is not' +
      ' thinned out for anybody.',
    restsOn:
      'channels with policies: drop-oldest and latest for viewers, cursors on the log for' +
      ' those who must miss nothing.',
    notPromised: 'that a viewer sees every step, or that what it saw is durable.',
    proofs: [
      {
        at: 'tests/models',
        what: 'channels, ports and viewer sessions beside models of themselves',
        figures: ['M'],
      },
      { at: 'tests/simulation', what: 'viewers that stall, leave and come back', figures: ['SIM'] },
    ],
  },
  {
    id: 'P11',
    name: 'Supervision',
    promise:
      'The death of one actor disturbs no other. An actor is back within 250 ms in a thread,' +
      ' 750 ms in a process (99th percentile). More than 5 deaths in 10 s stop the group in' +
      ' reverse order, and health is red.',
    restsOn:
      'a supervisor as a machine, with intensity and back-off; actors that keep nothing that' +
      ' the log does not hold.',
    notPromised:
      'that a stuck thread is ended: it is cut off and replaced, because ending one in native code' +
      ' ends the process; that a thread which encodes AV1 may run out of memory while another' +
      ' opens an encoder (decision 8): an encoder in a process may; that the host of the actors may' +
      ' run out of memory (what it knows is bounded): it takes along threads that may be inside' +
      ' LMDB; that the process of a log is replaced when it is stopped: that looks like a slow disk,' +
      ' and is waited for, and after 30 s fails, like one (P7).',
    proofs: [
      {
        at: 'tests/supervision',
        what:
          'actors and pairs of actors killed in every survivable way, that are stuck, that die at' +
          ' every start or of one event, and producers that die within a ring write',
        figures: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6'],
      },
      {
        at: 'tests/soak',
        what:
          'a run with video, a dataset and viewers whose actors are killed all the time,' +
          ' for half an hour and by hand (`npm run soak`): nothing grows, nothing is lost;' +
          ' what is planted to leak is noticed',
        figures: ['S9'],
      },
    ],
  },
  {
    id: 'P12',
    name: 'Local and closed',
    promise:
      'As it comes the server binds a loopback address only, and it checks Host and Origin of' +
      ' every request. Where others could reach it, it starts with tokens or not at all, and then' +
      ' nothing of a run is told to those who show none.',
    restsOn:
      'lists that are compared before anything is answered: of Hosts, of what each role may do,' +
      ' of what refuses to start; tokens of 256 bits of which only a hash is kept.',
    notPromised:
      'secrecy from other users of the same machine without a token; secrecy from those who listen' +
      ' to the network: there is no TLS.',
    proofs: [
      {
        at: 'tests/gateway/access',
        what:
          'every cell of the table by HTTP and WebSocket, foreign pages and names by every method,' +
          ' tokens that are wrong, used up, expired and taken back, and where they might turn up',
        figures: [],
      },
      {
        at: 'tests/hostile/access',
        what: 'guesses, floods of handshakes, handshakes that never end, messages of every kind',
        figures: [],
      },
    ],
  },
  {
    id: 'P13',
    name: 'A bad peer hurts only itself',
    promise:
      'Whatever a peer sends or does not read ends at worst its own connection; what waits' +
      ' for it is bounded.',
    restsOn:
      'one lane per viewer with a bound in bytes, and a bound for what waits for all of them; every' +
      ' message is checked against the schema, and has bounds in bytes, fragments, levels and' +
      ' number; no compression; a page whose policy runs no script but its own.',
    notPromised: 'anything about a machine whose memory or ports others use up.',
    proofs: [
      { at: 'tests/gateway', what: 'viewers that stall, flood and send nonsense', figures: [] },
      {
        at: 'tests/hostile',
        what:
          'frames against RFC 6455, noise and broken frames, JSON that is broken, deep or poisoned,' +
          ' endless messages, floods of pings, offers of compression and paths that lead out, each' +
          ' against a gateway in a process of its own with a viewer beside that must miss nothing;' +
          ' and peers of other makers',
        figures: ['W1', 'W2', 'W3', 'W4', 'W5', 'W15'],
      },
      {
        at: 'tests/e2e/injection.test.ts',
        what: 'names, reasons and errors that are scripts, shown by the page and its overlays in Chromium',
        figures: ['W17'],
      },
      {
        at: 'tests/durability/readers',
        what: 'readers of the log that are slow, that hold a snapshot, or are killed while they read',
        figures: ['D13'],
      },
    ],
  },
]
