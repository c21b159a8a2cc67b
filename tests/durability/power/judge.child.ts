// Answers every request of judge.ts with what it finds.
import type { JudgeRequest } from './judge.ts'
import { judgeRecovered } from './recovered.ts'

process.on('message', (request: JudgeRequest) => {
  const { dir, workload, seed, told } = request
  void judgeRecovered(dir, workload, seed, told).then(recovered => process.send!(recovered))
})
