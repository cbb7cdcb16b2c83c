import { expect, it } from 'vitest'
import { until } from '../../support/live.ts'
import { describeWithRedis } from '../../support/redis.ts'
import type { EndedRequest } from './servers.ts'
import { KINDS, listening, requesting, serversOnRedis } from './servers.ts'

/** Duration of the kills; the documented figures are those of 360,000. */
const KILLS_MS = Number(process.env.WIREFOLD_KILLS_MS ?? 30_000)
const KILL_EVERY_MS = 6_000
const CLIENTS = 24

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const print = (text: string) => void process.stdout.write(`${text}\n`)

/**
 * Expects that each request has the truth as its end, and that nothing was carried out too often.
 *
 * @param doubtful the kinds of which the outcome may be unknown
 */
function expectTruth(
  ended: readonly EndedRequest[],
  applied: ReadonlyMap<string, number>,
  heard: ReadonlyMap<unknown, number>,
  doubtful: readonly EndedRequest['kind'][] = ['apply'],
) {
  const wrong = ended.filter(({ kind, name, outcome }) => {
    const effects = isOutside(kind) ? applied.get(name) : heard.get(name)
    const most = kind === 'upsert' ? Number.POSITIVE_INFINITY : 1
    const least = outcome === 'ok' ? 1 : 0
    const isTrue = outcome === 'ok' || (isDoubt(outcome) && doubtful.includes(kind))
    return !isTrue || (effects ?? 0) < least || (effects ?? 0) > most
  })
  expect(wrong).toEqual([])
}

/** Whether the effect of a kind of requests is outside of the broker, and not an event. */
const isOutside = (kind: EndedRequest['kind']) => kind === 'apply' || kind === 'upsert'

/** Waits until all events of the requests that were answered have arrived. */
const expectEvents = (ended: readonly EndedRequest[], heard: ReadonlyMap<unknown, number>) =>
  until(() => {
    for (const { kind, name, outcome } of ended) {
      if (outcome === 'ok' && !isOutside(kind)) expect(heard.has(name)).toBe(true)
    }
  })

const isDoubt = (outcome: string) => outcome === 'outcome-unknown'

/** Returns the numbers of outcomes of each kind, as text. */
function figures(ended: readonly EndedRequest[]): string {
  return KINDS.map((kind) => {
    const counts = new Map<string, number>()
    for (const { outcome } of ended.filter((one) => one.kind === kind)) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    return `${kind}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
  }).join('; ')
}

describeWithRedis('two servers behind a load balancer', () => {
  it(
    `answer every request truly while one is killed every 6 s for ${KILLS_MS / 1_000} s`,
    async () => {
      const { front, start, applied } = await serversOnRedis()
      const servers = [await start(), await start()]
      for (const { port } of servers) front.backends.add(port)
      const { heard, gaps } = await listening(front.url)
      const { stop } = requesting(front.url, CLIENTS)
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
      const ended = await stop()
      const counts = await applied()
      await expectEvents(ended, heard)
      const late = deaths
        .flatMap((at) =>
          ended.filter(({ from, to }) => from < at && to > at).map(({ to }) => to - at),
        )
        .sort((a, b) => a - b)
      const share = (part: number) => Math.round(late[Math.ceil(late.length * part) - 1] ?? 0)
      const unknown = ended.filter(({ outcome }) => isDoubt(outcome))
      const undone = unknown.filter(({ name }) => !counts.has(name)).length
      print(
        `${deaths.length} kills, ${ended.length} requests: ${figures(ended)}; of those in doubt ${undone} not applied; ` +
          `${late.length} in flight at a death, half answered within ${share(0.5)} ms, 99 % within ${share(0.99)}, all within ${share(1)}; ${gaps()} gaps`,
      )
      expectTruth(ended, counts, heard)
    },
    KILLS_MS + 120_000,
  )

  it('run nothing twice where one is suspended for 5 s, and that one serves on afterwards', async () => {
    const { front, start, applied, deaths } = await serversOnRedis()
    const [suspended, other] = [await start(), await start()]
    front.backends.add(suspended.port)
    const watching = await listening(front.url)
    const staying = requesting(`ws://127.0.0.1:${suspended.port}/ws`, 8)
    const moving = requesting(front.url, 8)
    await sleep(1_000)
    suspended.program.freeze()
    // The clients go on at the other server, while their requests run at the suspended one.
    front.backends.clear()
    front.backends.add(other.port)
    front.dropAll()
    await sleep(5_000)
    // On a busy machine the other server needs longer, because its observations are late.
    await until(async () => expect(await deaths()).toBe(1))
    suspended.program.thaw()
    await until(async () => {
      const errors = await suspended.program.call('errors')
      expect(errors).toContainEqual(expect.stringContaining('declared this one dead'))
    })
    const ended = [...(await moving.stop()), ...(await staying.stop())]
    print(`suspended for 5 s: ${figures(ended)}`)
    const last = requesting(`ws://127.0.0.1:${suspended.port}/ws`, 4)
    await sleep(1_000)
    const afterwards = await last.stop()
    expect(new Set(afterwards.map(({ outcome }) => outcome))).toEqual(new Set(['ok']))
    await expectEvents(ended, watching.heard)
    expectTruth(ended, await applied(), watching.heard)
  })

  it('run nothing twice where Redis does not respond for 10 s', async () => {
    const { redis, front, start, applied } = await serversOnRedis()
    for (const { port } of [await start(), await start()]) front.backends.add(port)
    const watching = await listening(front.url)
    const { stop } = requesting(front.url, CLIENTS, 60_000)
    await sleep(1_000)
    redis.freeze()
    for (let n = 0; n < 5; n++) {
      await sleep(2_000)
      front.dropAll()
    }
    redis.thaw()
    await sleep(5_000)
    const ended = await stop()
    print(`Redis away for 10 s: ${figures(ended)}`)
    await expectEvents(ended, watching.heard)
    // A server that was just connected to Redis again does not know yet what it remembers.
    expectTruth(ended, await applied(), watching.heard, KINDS)
  })
})
