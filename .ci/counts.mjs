// Prints `N passed, N failed` from Vitest's report. A test command that failed without a failed
// test (a check, a crash, no report at all) counts as one failure.
import { existsSync, readFileSync } from 'node:fs'

const [, , file, status] = process.argv
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
const passed = report.numPassedTests ?? 0
const failedSuites = (report.testResults ?? []).filter(
  suite => suite.status === 'failed' && suite.assertionResults.length === 0,
).length
const failed = (report.numFailedTests ?? 0) + failedSuites
console.log(`${passed} passed, ${failed === 0 && status !== '0' ? 1 : failed} failed`)
