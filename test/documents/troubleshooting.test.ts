import { readFileSync } from 'node:fs'
import { format } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'
import { blocksIn } from './blocks.ts'
import { type See, symptoms } from './symptoms.ts'

const PAGE = 'docs/troubleshooting.md'
const REDIS = 'Redis is full'

/** The lines of the log and the errors that the page quotes, by the heading above them. */
const quoted = new Map(
  readFileSync(PAGE, 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const heading = section.slice(0, section.indexOf('\n'))
      const texts = blocksIn(PAGE, section).filter(({ language }) => language === 'text')
      return [heading, texts.flatMap(({ code }) => code.trimEnd().split('\n'))] as const
    })
    .filter(([, lines]) => lines.length > 0),
)

/** Returns the quoted lines that were not seen; `…` stands for any text. */
function unseen(lines: readonly string[], seen: readonly string[]): readonly string[] {
  const rest = [...seen]
  return lines.filter((line) => {
    const escaped = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.+')
    const at = rest.findIndex((text) => new RegExp(`^${escaped}$`).test(text))
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

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
    expect([...quoted.keys()].sort()).toEqual([...Object.keys(symptoms), REDIS].sort())
  })

  it.each(Object.entries(symptoms))('quotes what is written: %s', async (heading, happen) => {
    const { seen, see } = watching()
    await happen(see)
    await until(() => expect(unseen(quoted.get(heading) ?? [], seen), seen.join('\n')).toEqual([]))
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
    await until(() => expect(unseen(quoted.get(REDIS) ?? [], seen), seen.join('\n')).toEqual([]))
  })
})
