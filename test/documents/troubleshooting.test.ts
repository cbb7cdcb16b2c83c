import { format } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'
import { quotedLines, unseen } from './quoted-lines.ts'
import { type See, symptoms } from './symptoms.ts'

const REDIS = 'Redis is full'

/** The symptoms that other tests make happen: the second one needs a page, in `test/dom`. */
const elsewhere = [REDIS, 'Hydration mismatch']

/** Turns the whole log on, and returns all that is printed and seen in the test. */
function watching(): { readonly seen: readonly string[]; readonly see: See } {
  const seen: string[] = []
  const see: See = (line) => seen.push(String(line))
  vi.stubEnv('DEBUG', 'wirefold:*')
  for (const method of ['debug', 'log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => see(format(...values).trim()))
  }
  onTestFinished(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })
  return { seen, see }
}

describe('the page on troubleshooting', () => {
  it('has a symptom for every line that it quotes', () => {
    expect([...quotedLines.keys()].sort()).toEqual([...Object.keys(symptoms), ...elsewhere].sort())
  })

  it.each(Object.entries(symptoms))('quotes what is written: %s', async (heading, happen) => {
    const { seen, see } = watching()
    await happen(see)
    await until(() =>
      expect(unseen(quotedLines.get(heading) ?? [], seen), seen.join('\n')).toEqual([]),
    )
  })

  it('finds a line that is not written as quoted', () => {
    expect(unseen(['a …', 'a b', 'a.c'], ['a b', 'abc'])).toEqual(['a b', 'a.c'])
  })
})

describeWithRedis('the page on troubleshooting, about Redis', () => {
  it('quotes what is written where Redis is full, or may evict', async () => {
    const { seen, see } = watching()
    const redis = await redisBench()
    const broker = await redis.broker({ prefix: 'full', onError: see })
    const { server } = await serve({ broker })
    await server.publish('shop:42', 'order', {})
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await server.publish('shop:42', 'order', {}).catch(see)
    await redis.command('CONFIG', 'SET', 'maxmemory', '1gb')
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await redis.broker({ prefix: 'evicting', onError: see })
    await until(() =>
      expect(unseen(quotedLines.get(REDIS) ?? [], seen), seen.join('\n')).toEqual([]),
    )
  })
})
