// What is mutated, and which tests have to notice: those that run in this process and take
// seconds, the quickest first. Every mutant that survives runs all that reach it.

export interface Area {
  readonly sources: readonly string[]
  readonly tests: readonly string[]
}

const inFolder = (folder: string, ...names: string[]): string[] =>
  names.map(name => `${folder}/${name}`)

export const areas = {
  roles: {
    sources: ['src/protocol/rights.ts', 'src/gateway/access/*.ts'],
    tests: inFolder(
      'tests/gateway/access',
      ...['own-hosts.test.ts', 'guests.test.ts', 'grants.test.ts', 'peers.test.ts'],
      ...['listening.test.ts', 'same-origin.test.ts', 'rights.test.ts', 'door.test.ts'],
    ),
  },
  ring: {
    sources: ['src/streams/ring/*.ts'],
    tests: [
      ...inFolder(
        'tests/streams/ring',
        ...['waiting.test.ts', 'spill-heap.test.ts', 'ring.test.ts', 'inlet.test.ts'],
      ),
      'tests/models/ring.test.ts',
    ],
  },
  supervisor: {
    sources: ['src/machines/{supervisor.machine,child.machine,restart-intensity}.ts'],
    tests: [
      ...inFolder(
        'tests/machines',
        ...['restart-intensity.test.ts', 'child.test.ts', 'adopting.test.ts', 'supervisor.test.ts'],
      ),
      'tests/models/supervisor.test.ts',
    ],
  },
  log: {
    sources: [
      'src/store/{log-writer,log-reader,log-state,pending,producers,recovery,tail}.ts',
      'src/store/{batch-codec,batch-chain,sealed-value,keys,dropping,draft}.ts',
    ],
    tests: [
      ...inFolder(
        'tests/store',
        ...['batch-codec.test.ts', 'late-sync.test.ts', 'opening.test.ts', 'log-reader.test.ts'],
        ...['group-commit.test.ts', 'dropping.test.ts', 'recovery.test.ts', 'memory-log.test.ts'],
        ...['tail.test.ts', 'recover.test.ts', 'damage.test.ts'],
      ),
      'tests/models/log.test.ts',
    ],
  },
} as const satisfies Readonly<Record<string, Area>>

export type AreaName = keyof typeof areas
export const areaNames = Object.keys(areas) as readonly AreaName[]
