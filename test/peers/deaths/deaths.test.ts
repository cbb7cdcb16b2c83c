import { expect, it } from 'vitest'
import { until } from '../../support/live.ts'
import { describeWithRedis } from '../../support/redis.ts'
import type { Asked } from './world.ts'
import { asking, KINDS, listening, world } from './world.ts'

/** Duration of the kills; the documented figures are those of 360,000. */
const KILLS_MS = Number(process.env.WIREFOLD_KILLS_MS ?? 30_000)
const KILL_EVERY_MS = 6_000
const CLIENTS = 24

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const print = (text: string) => void process.stdout.write(`${text}\n`)

/** Expects that each request has the truth as its end, and that nothing was carried out too often. */
function expectTruth(
  asked: readonly Asked[],
  applied: ReadonlyMap<string, number>,
  heard: ReadonlyMap<unknown, number>,
) {
  const wrong = asked.filter(({ kind, name, outcome }) => {
    const runs = applied.get(name) ?? 0
    const events = heard.get(name) ?? 0
    if (kind === 'apply') return runs > 1 || (outcome === 'ok' ? runs !== 1 : !isDoubt(outcome))
    if (kind === 'upsert') return outcome !== 'ok' || runs < 1
    return outcome !== 'ok' || events !== 1
  })
  expect(wrong).toEqual([])
}

const isDoubt = (outcome: string) => outcome === 'outcome-unknown'

/** Returns the numbers of outcomes of each kind, as text. */
function figures(asked: readonly Asked[]): string {
  return KINDS.map((kind) => {
    const counts = new Map<string, number>()
    for (const { outcome } of asked.filter((one) => one.kind === kind)) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    return `${kind}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
  }).join('; ')
}

describeWithRedis('two servers behind a load balancer', () => {
  it(
    `answer every request truly while one is killed every 6 s for ${KILLS_MS / 1_000} s`,
    async () => {
      const { front, start, applied } = await world()
      const servers = [await start(), await start()]
      for (const { port } of servers) front.backends.add(port)
      const { heard, gaps } = await listening(front.url)
      const { stop } = asking(front.url, CLIENTS)
      const deaths: number[] = []
      for (let passed = 0; passed < KILLS_MS; passed += KILL_EVERY_MS) {
        await sleep(KILL_EVERY_MS)
        const victim = servers.shift()
        deaths.push(performance.now())
        await victim?.program.stop()
        const next = await start()
        front.backends.delete(victim?.port ?? 0)
        front.backends.add(next.port)
        servers.push(next)
      }
      const asked = await stop()
      const counts = await applied()
      const published = asked.filter(({ kind }) => kind === 'announce' || kind === 'publish')
      await until(() => {
        for (const { name } of published) expect(heard.has(name)).toBe(true)
      })
      const late = deaths.flatMap((at) =>
        asked.filter(({ from, to }) => from < at && to > at).map(({ to }) => to - at),
      )
      const unknown = asked.filter(({ outcome }) => isDoubt(outcome))
      const undone = unknown.filter(({ name }) => !counts.has(name)).length
      print(
        `${deaths.length} kills, ${asked.length} requests: ${figures(asked)}; of those in doubt ${undone} not applied; ` +
          `${late.length} in flight at a death, the last answered after ${Math.round(Math.max(...late))} ms; ${gaps()} gaps`,
      )
      expectTruth(asked, counts, heard)
    },
    KILLS_MS + 120_000,
  )

  it('run nothing twice where one is blocked for 5 s, and that one serves on afterwards', async () => {
    const { front, start, applied } = await world()
    const [blocked, other] = [await start(), await start()]
    front.backends.add(blocked.port)
    const watching = await listening(front.url)
    const staying = asking(`ws://127.0.0.1:${blocked.port}/ws`, 8)
    const moving = asking(front.url, 8)
    await sleep(1_000)
    await blocked.program.call('block', 5_000)
    // The clients go on at the other server, while their requests run at the one that is blocked.
    front.backends.clear()
    front.backends.add(other.port)
    front.dropAll()
    await sleep(7_000)
    const asked = [...(await moving.stop()), ...(await staying.stop())]
    print(`blocked for 5 s: ${figures(asked)}`)
    const errors = await blocked.program.call('errors')
    expect(errors).toContainEqual(expect.stringContaining('declared this one dead'))
    const last = asking(`ws://127.0.0.1:${blocked.port}/ws`, 4)
    await sleep(1_000)
    const afterwards = await last.stop()
    expect(new Set(afterwards.map(({ outcome }) => outcome))).toEqual(new Set(['ok']))
    await until(() => {
      for (const { kind, name } of asked) {
        if (kind === 'announce' || kind === 'publish') expect(watching.heard.has(name)).toBe(true)
      }
    })
    expectTruth(asked, await applied(), watching.heard)
  })

  it('run nothing twice where Redis does not respond for 10 s', async () => {
    const { redis, front, start, applied } = await world()
    for (const { port } of [await start(), await start()]) front.backends.add(port)
    const watching = await listening(front.url)
    const { stop } = asking(front.url, CLIENTS, 60_000)
    await sleep(1_000)
    redis.freeze()
    for (let n = 0; n < 5; n++) {
      await sleep(2_000)
      front.dropAll()
    }
    redis.thaw()
    await sleep(5_000)
    const asked = await stop()
    print(`Redis away for 10 s: ${figures(asked)}`)
    await until(() => {
      for (const { kind, name } of asked) {
        if (kind === 'announce' || kind === 'publish') expect(watching.heard.has(name)).toBe(true)
      }
    })
    expectTruth(asked, await applied(), watching.heard)
  })
})
