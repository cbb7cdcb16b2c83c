import { describe, expect, it, onTestFinished } from 'vitest'
import { sharedServer } from 'wirefold/server'
import { ManualClock, settle } from 'wirefold/testing'
import { HostedModules } from '../../src/vite/hosted-modules.ts'

/** Hosts the setup module `setup` and one worker for each of the given functions `stop`. */
async function hosted(stops: Readonly<Record<string, () => unknown>>) {
  const clock = new ManualClock()
  const loaded: string[] = []
  const logged: unknown[] = []
  const modules = new HostedModules({
    loader: {
      async ssrLoadModule(file) {
        loaded.push(file)
        if (file === 'setup') sharedServer('/hosted', {})
        return { stop: stops[file] }
      },
    },
    ...{ clock, http: null, path: '/hosted', setup: 'setup', workers: Object.keys(stops) },
    failed: (error) => logged.push(error),
    warn: (text) => logged.push(text),
  })
  expect(await modules.start()).toEqual([])
  onTestFinished(() => sharedServer('/hosted').close())
  loaded.length = 0
  return { modules, clock, loaded, logged }
}

const hang = (): Promise<void> => new Promise(() => {})

describe('the workers of the plugin', () => {
  it('are evaluated again although their `stop` throws or rejects, which is logged', async () => {
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    const { modules, loaded, logged } = await hosted({
      throwing() {
        throw thrown
      },
      rejecting: () => Promise.reject(rejected),
    })
    await modules.reload(new Set(['throwing', 'rejecting']))
    expect(loaded).toEqual(['throwing', 'rejecting'])
    expect(logged).toEqual([thrown, rejected])
  })

  it('delay no other module while their `stop` hangs, and themselves for 5 s', async () => {
    const { modules, clock, loaded, logged } = await hosted({ hanging: hang, other() {} })
    void modules.reload(new Set(['hanging']))
    await modules.reload(new Set(['setup', 'other']))
    expect(loaded).toEqual(['setup', 'other'])
    await clock.advance(5_000)
    await settle()
    expect(loaded).toEqual(['setup', 'other', 'hanging'])
    expect(logged).toEqual([expect.stringContaining('the worker hanging has not ended within 5 s')])
  })

  it('delay the end of Vite by 5 s at most, and by what they need', async () => {
    const { modules, clock, logged } = await hosted({ one: hang, two: hang, three() {} })
    let ended = false
    const end = modules.stop().then(() => {
      ended = true
    })
    await clock.advance(4_999)
    await settle()
    expect(ended).toBe(false)
    await clock.advance(1)
    await end
    expect(logged).toHaveLength(2)
    expect(clock.timers).toBe(0)
  })
})
