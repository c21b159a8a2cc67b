// Answers every case of judge.ts.
import { type Case, judgeRecovered } from './recovered.ts'

process.on('message', (found: Case) => {
  void judgeRecovered(found).then(recovered => process.send!(recovered))
})
