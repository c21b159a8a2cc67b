// The layers of ARCHITECTURE.md, as rules. Imports point down only; siblings of one layer never
// meet. Each rule's comment says what to do instead.
const layers = [
  ['base'],
  ['protocol'],
  ['streams', 'store', 'media', 'machines'],
  ['gateway'],
  ['actors', 'replay', 'export', 'integrations'],
  ['runtime'],
  ['cli', 'index.ts'],
]

/** Siblings that may be imported all the same, with the reason. */
const allowedSiblings = {
  // The player is an actor like the others, run by the same few lines.
  replay: ['actors'],
  // What belongs to an episode of a log is found in one place; who saves while recording is an actor.
  export: ['replay', 'actors'],
}

const folder = name => (name.includes('.') ? `^src/${name}$` : `^src/${name}/`)

/** A folder may import itself and what lies in lower layers. */
const downOnly = layers.flatMap((names, level) =>
  names.map(name => {
    const above = layers.slice(level + 1).flat()
    const siblings = names.filter(other => other !== name)
    const allowed = allowedSiblings[name] ?? []
    const forbidden = [...above, ...siblings.filter(other => !allowed.includes(other))]
    return {
      name: `${name}-imports-down`,
      comment: `src/${name} may import only what lies below it. Move what you need down, or hand it in.`,
      severity: 'error',
      from: { path: folder(name) },
      to: { path: forbidden.map(folder) },
    }
  }),
)

/** The owners of outside things. */
const owned = [
  ['lmdb', ['^src/store/'], 'Only src/store knows LMDB: go through the event log.'],
  ['ws', ['^src/gateway/'], 'Only src/gateway knows sockets.'],
  ['piscina', ['^src/runtime/'], 'Only src/runtime starts threads.'],
  ['node-av', ['^src/media/'], 'Only src/media knows FFmpeg.'],
  ['koffi', ['^src/media/'], 'Only src/media calls the system by itself, for FFmpeg.'],
  ['hyparquet', ['^src/export/'], 'Only src/export knows tables.'],
  ['hyparquet-writer', ['^src/export/'], 'Only src/export knows tables.'],
  [
    'xstate',
    ['^src/machines/', '^src/actors/run-actor.ts', '^src/runtime/', '^src/gateway/viewer-life.ts'],
    'Machines are pure definitions; only those who live by one interpret it.',
  ],
]

const ownership = owned.map(([name, owners, comment]) => ({
  name: `${name}-has-one-owner`,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: owners },
  to: { path: `node_modules/${name}/` },
}))

export default {
  forbidden: [
    ...downOnly,
    ...ownership,
    {
      name: 'actors-do-not-meet',
      comment: 'Actors share protocol/ and meet in the topology. Send a message instead.',
      severity: 'error',
      from: { path: '^src/actors/([^/]+)/' },
      to: { path: '^src/actors/[^/]+/', pathNot: '^src/actors/$1/' },
    },
    {
      name: 'pure-code-has-no-io',
      comment: 'protocol, machines and logic.ts are pure: no node modules. Hand the result in.',
      severity: 'error',
      from: { path: ['^src/protocol/', '^src/machines/', '^src/actors/[^/]+/logic\\.ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'threads-start-in-runtime',
      comment: 'Only src/runtime starts threads and processes, but for two that LMDB needs.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/runtime/', '^src/cli/', '^src/store/(storage-apart|opening)\\.ts$'],
      },
      to: { path: '^child_process$', dependencyTypes: ['core'] },
    },
    {
      name: 'page-sees-protocol-and-base',
      comment: 'The browser code may import only src/protocol and src/base.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^src/', pathNot: ['^src/protocol/', '^src/base/'] },
    },
    {
      name: 'no-cycles',
      comment: 'A cycle hides which of the two is the lower one. Move the shared part down.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'This import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node:' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
