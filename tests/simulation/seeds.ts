// Seeds that have failed once, each with a word of what it found. They are run for ever: what one
// of them plays changes with the code, but it costs nothing to keep the odd ones.
export const seeds: Readonly<Record<number, string>> = {
  1: 'an aggregator that starts again showed viewers an older projection',
  4: 'a viewer that came while the trainer paused was not shown the newest state',
  14: 'two writers that opened at the same instant both got epoch 2',
  22: 'a commit that landed while a successor opened was numbered over',
  96: 'pixels of an episode that began while the disk was full outlived it',
  146: 'a run that was closed in its start ended clean, its recorder still there',
  150: 'a recorder that died before its first commit left a run that had never started',
  259: 'what a full disk had lost was told by nobody when its recorder died too',
  75: 'a layout that a full disk lost killed the recorder',
  1432: 'a log that failed while its recorder was stopping was sealed by nobody',
  6098: 'a recorder that hung and woke up gave back as lost what nobody was told of',
  9101: 'the same, while its successor was starting',
  207797670: 'a bound of the simulation`s own, by which the greeting of a long run cut its viewer',
  207800840: 'a recorder that stopped while the disk was full took facts that it did not record',
}
