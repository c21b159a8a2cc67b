import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonLinesOf, jsonOf, rollcast, start } from './rollcast.ts'

let workspace: string
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'rollcast-demo-'))
})
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

describe('demo', () => {
  test('trains headless, records everything, and says what came of it in one object', async () => {
    const dir = join(workspace, 'headless')
    const args = ['--episodes', '20', '--no-open', '--port', '0', '--dir', dir, '--json']
    const end = await rollcast('demo', ...args)
    expect(end.code).toBe(0)
    const json = jsonOf(end)
    const seqs = jsonLinesOf(await rollcast('log', 'cat', dir, '--json'))
    const steps = seqs.filter(({ type }) => type === 'step_taken')
    const frames = seqs.filter(({ type }) => type === 'frame_captured')
    expect(json).toEqual({
      episodes: expect.any(Number),
      steps: steps.length,
      frames: frames.length,
      events: seqs.length,
      durable_seq: seqs.length,
      epoch: 1,
      run_dir: dir,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      seconds: expect.any(Number),
      trainer_cost_percent: expect.any(Number),
      step_nanos: expect.any(Number),
      learning_curve: expect.any(Array),
      dropped: expect.objectContaining({ 'trainer.ingress': 0, 'recorder.live': 0 }),
      milestones: expect.any(Array),
      video: { files: expect.any(Number), frames: frames.length, bytes: expect.any(Number) },
      dataset: { episodes: expect.any(Number), rows: expect.any(Number) },
      healthy: true,
    })
    // Several environments may end an episode in the same tick.
    expect(json['episodes']).toBeGreaterThanOrEqual(20)
    expect(json['episodes']).toBeLessThan(28)
    const agents = new Set(steps.map(({ agent }) => agent))
    expect([...agents].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(i => `env-${i}`))
    expect(new Set(frames.map(({ agent }) => agent))).toEqual(new Set(['env-0']))
    const curve = json['learning_curve'] as { episodes: number; mean_survival: number }[]
    expect(curve.reduce((sum, { episodes }) => sum + episodes, 0)).toBe(json['episodes'])
    expect(curve[0]?.mean_survival).toBeGreaterThan(10)
    expect((await rollcast('log', 'verify', dir)).code).toBe(0)
  })

  test.each(['gridworld', 'cartpole'])(
    'the same seed trains the same, whatever the pace: %s',
    async env => {
      const trainings: unknown[] = []
      for (const pace of [[], ['--unpaced']]) {
        const dir = join(workspace, `seed-${env}${pace.join('')}`)
        const args = ['--env', env, '--episodes', '8', '--seed', '7', '--no-open', '--port', '0']
        expect((await rollcast('demo', ...args, '--dir', dir, ...pace)).code).toBe(0)
        const types = 'episode_ended,step_taken'
        const events = jsonLinesOf(await rollcast('log', 'cat', dir, '--types', types, '--json'))
        trainings.push(
          events
            .filter(({ agent }) => agent === 'env-1')
            .map(({ episode, step, action, reward, q_values: q, logits }) => [
              episode,
              step,
              action,
              reward,
              q ?? logits,
            ]),
        )
      }
      expect(trainings[1]).toEqual(trainings[0])
    },
  )

  test('with --env cartpole eight agents learn by PPO, each on camera, and all is on record (L14)', async () => {
    const dir = join(workspace, 'cartpole')
    const args = ['--env', 'cartpole', '--episodes', '60', '--no-open', '--port', '0', '--dir', dir]
    const end = await rollcast('demo', ...args, '--json')
    expect(end.code).toBe(0)
    const json = jsonOf(end)
    expect(json).toMatchObject({ healthy: true, epoch: 1, run_dir: dir })
    const events = jsonLinesOf(await rollcast('log', 'cat', dir, '--json'))
    const of = (type: string) => events.filter(event => event['type'] === type)
    const agents = [0, 1, 2, 3, 4, 5, 6, 7].map(i => `env-${i}`)
    expect([...new Set(of('step_taken').map(({ agent }) => agent))].sort()).toEqual(agents)
    expect([...new Set(of('frame_captured').map(({ agent }) => agent))].sort()).toEqual(agents)
    expect(json).toMatchObject({
      steps: of('step_taken').length,
      frames: of('frame_captured').length,
      events: events.length,
      dropped: { 'trainer.ingress': 0 },
    })
    // A machine that is busy may leave some of eight cameras for the next time; the log holds them,
    // as its verification finds below.
    const filmed = of('video_committed').reduce((sum, { frames }) => sum + Number(frames), 0)
    expect(json['video']).toMatchObject({ files: of('video_committed').length, frames: filmed })
    expect(filmed).toBeGreaterThan(0)
    expect(filmed).toBeLessThanOrEqual(of('frame_captured').length)
    // One before the first step of an episode and one after each.
    expect(json['frames']).toBe(of('step_taken').length + of('episode_began').length)
    const [step] = of('step_taken')
    expect(step).toMatchObject({
      logits: [expect.any(Number), expect.any(Number)],
      position: [expect.any(Number)],
      meters: { balance: expect.any(Number), push_right: expect.any(Number) },
      reward: 1,
    })
    const [metrics] = of('metrics_sampled')
    expect(metrics?.['values']).toMatchObject({
      'train/approx_kl': expect.any(Number),
      'train/clip_fraction': expect.any(Number),
      'train/entropy': expect.any(Number),
      'train/policy_gradient_loss': expect.any(Number),
      'train/value_loss': expect.any(Number),
      'train/explained_variance': expect.any(Number),
    })
    expect(of('insight_given')[0]).toMatchObject({ kind: 'policy_updates', agent: 'env-0' })
    expect((await rollcast('log', 'verify', dir)).code).toBe(0)
  })

  test('an interrupted demo closes its run, sums up and exits with 130', async () => {
    const dir = join(workspace, 'interrupted')
    const args = ['--seconds', '60', '--no-open', '--port', '0', '--dir', dir]
    const demo = start(['demo', ...args])
    const [, url = ''] = await demo.said(/watch it live at (http:\S+)/)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    demo.interrupt()
    const { code, stdout, stderr } = await demo.ended
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toMatch(/^once more: {2}rollcast replay /m)
    await expect(fetch(url)).rejects.toThrow()
    const stats = jsonOf(await rollcast('log', 'stats', dir, '--json'))
    expect(stats).toMatchObject({ clean_close: true, events_by_type: { run_ended: 1 } })
  })

  test('interrupted twice it ends at once, and the log is whole all the same', async () => {
    const dir = join(workspace, 'twice')
    const args = ['--seconds', '60', '--no-open', '--port', '0', '--dir', dir]
    const demo = start(['demo', ...args])
    await demo.said(/watch it live at/)
    demo.interrupt()
    await demo.said(/Ctrl-C once more ends it at once/)
    demo.interrupt()
    expect(await demo.ended).toMatchObject({ code: null })
    expect((await rollcast('log', 'verify', dir)).code).toBe(0)
  })

  test('takes a free port when the usual one is taken, and says so', async () => {
    const other = createServer(socket => socket.destroy())
    // When it is taken already, all the better.
    await new Promise<void>(resolve => {
      other.once('error', () => resolve()).listen(7788, '127.0.0.1', resolve)
    })
    try {
      const dir = join(workspace, 'elsewhere')
      const end = await rollcast('demo', '--episodes', '1', '--no-open', '--dir', dir, '--json')
      expect(end.code).toBe(0)
      expect(end.stderr).toMatch(/^port 7788 is taken by another program: taking a free one$/m)
      expect(jsonOf(end)['url']).not.toContain(':7788')
    } finally {
      await new Promise(resolve => other.close(resolve))
    }
  })

  test('puts its run into runs/ unless told otherwise', async () => {
    const demo = start(['demo', '--episodes', '1', '--no-open', '--port', '0', '--json'], {
      cwd: workspace,
    })
    const dir = String(jsonOf(await demo.ended)['run_dir'])
    expect(dir.startsWith(join(workspace, 'runs/demo-'))).toBe(true)
    expect(existsSync(join(dir, 'log/data.mdb'))).toBe(true)
    const inspected = await start(['inspect', '--json'], { cwd: workspace }).ended
    expect(inspected.stderr).toMatch(/^the newest run in runs is runs\/demo-/)
  })
})
