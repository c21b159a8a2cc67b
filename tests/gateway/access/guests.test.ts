// Whom the door looks after: those that are inside by a token, until they leave or it goes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { type Caller, Door, type Guest } from '../../../src/gateway/access/door.ts'
import { type Grant, Grants, visitorOf } from '../../../src/gateway/access/grants.ts'

const key = { kind: 'key', role: 'viewer', replay: false, lifeMillis: 3_600_000 } as const

function openDoor() {
  const place = mkdtempSync(join(tmpdir(), 'rollcast-guests-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  const directory = join(place, 'access')
  const clock = new SimulatedClock()
  const door = new Door({ clock, directory, port: 1 })
  const grants = new Grants(directory, clock)
  const said: string[] = []
  const enter = (name: string, grant: Grant | null): Guest => {
    const guest: Guest = {
      close: reason => said.push(`${clock.monotonic()} ${name} ${reason}`),
      terminate: () => said.push(`${clock.monotonic()} ${name} cut off`),
    }
    const caller = { ...(grant ? visitorOf(grant) : { identity: 'viewer', replay: true }), grant }
    door.lookAfter(guest, caller as Caller)
    return guest
  }
  return { clock, door, grants, said, enter }
}

test('A5 K3 all guests of a token that goes are closed and then cut off, and nobody else', () => {
  const { clock, grants, said, enter } = openDoor()
  const [goes, stays] = [grants.issue(key).grant, grants.issue(key).grant]
  enter('a', goes)
  enter('b', stays)
  enter('c', goes)
  clock.advance(250)
  expect(said).toEqual([])
  grants.revoke(goes.id)
  clock.advance(250)
  expect(said).toEqual(['500 a notAllowed', '500 c notAllowed'])
  clock.advance(10_000)
  expect(said.slice(2)).toEqual(['1000 a cut off', '1000 c cut off'])
})

test('nobody looks while nobody is there whose token can go', () => {
  const { clock, door, grants, said, enter } = openDoor()
  const { grant } = grants.issue(key)
  enter('of this machine', null)
  expect(clock.pending).toBe(0)
  const guest = enter('a', grant)
  expect(clock.pending).toBe(1)
  door.forget(guest)
  grants.revoke(grant.id)
  clock.advance(250)
  expect([said, clock.pending]).toEqual([[], 0])
  enter('b', grants.issue(key).grant)
  expect(clock.pending).toBe(1)
  door.close()
  expect(clock.pending).toBe(0)
})

test('what was refused is counted by what it was', () => {
  const { door } = openDoor()
  for (const what of [401, 'connection', 401] as const) door.countRefusal(what)
  expect([...door.refused]).toEqual([
    ['401', 2],
    ['connection', 1],
  ])
})
