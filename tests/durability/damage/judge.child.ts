// Does to a damaged log what is asked, and says what came of it. It may die of it: that is why it
// is a process of its own. The questions are asked in judge.ts.
import { describeError, RollcastError } from '../../../src/base/errors.ts'
import { examineLog } from '../../../src/store/examine.ts'
import { openLog, openLogReader } from '../../../src/store/open-log.ts'
import { salvageLog } from '../../../src/store/salvage.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { contributionAt } from '../workload.ts'
import type { Answers, Outcome, Question } from './judge.ts'
import { readAll } from './reading.ts'

const actions: { [Q in keyof Answers]: (question: Question) => Promise<Answers[Q]> } = {
  verify: ({ dir }) => examineLog(dir),
  async read({ dir, truth, check = true }) {
    const reader = openLogReader(dir, { check })
    try {
      return readAll(reader, truth)
    } finally {
      await reader.close()
    }
  },
  async salvage({ dir, into = '', truth }) {
    const report = await salvageLog(dir, into)
    const verified = await verifyLog(into)
    const reader = openLogReader(into)
    try {
      // The event behind tells of the salvage, and is none of the sequence.
      return { report, verified, reading: readAll(reader, truth, report.lastSeq) }
    } finally {
      await reader.close()
    }
  },
  async write(question) {
    const { dir, truth } = question
    const { writer, report } = await openLog(dir)
    await writer.append(contributionAt(truth.workload, writer.nextSeq, 2)).durable
    await writer.close()
    return { report, reading: await actions.read(question) }
  },
}

process.on('message', (question: Question) => {
  const tell = (outcome: Outcome<unknown>): void => void process.send?.(outcome)
  actions[question.ask](question).then(
    answer => tell({ is: 'answered', answer }),
    (error: unknown) => {
      if (error instanceof RollcastError) tell({ is: 'refused', code: error.code })
      else tell({ is: 'unclear', message: describeError(error) })
    },
  )
})
process.send?.('ready')
