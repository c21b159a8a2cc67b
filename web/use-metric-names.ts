// The names of the metrics that there are. They change seldom, their values all the time: who lists
// them renders again only when a name is new. As JSON, since a name may hold any character.
import { useViewer } from './use-session.ts'

export const useMetricNames = (): readonly string[] =>
  JSON.parse(useViewer(({ series }) => JSON.stringify(Object.keys(series)))) as string[]
