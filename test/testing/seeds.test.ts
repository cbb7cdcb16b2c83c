import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { ManualClock, MemoryPair, ScriptedServer, storm, underSeeds } from 'wirefold/testing'

/** A minute of events and faults; returns the numbers that arrived, and the faults. */
async function minute(seed: number) {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock, seed, weather: { leastMs: 5, mostMs: 80 } })
  const client = new RealtimeClient('ws://test/', {
    ...{ transport: server.transport, clock, random: () => 0.5 },
  })
  const got: unknown[] = []
  new ChannelSubscriber(client).subscribe('news', (n) => got.push(n))
  await clock.advance(1_000)
  let sent = 0
  const publish = (): void => {
    server.publish('news', 'said', sent++)
    clock.after(250, publish)
  }
  publish()
  const faults = await storm(server.transport, clock, 60_000)
  await clock.advance(60_000)
  client.close()
  return { got, faults, sent }
}

describe('a storm', () => {
  it('plays the same faults, with the same outcome, for the same seed', async () => {
    const [first, again, other] = [await minute(7), await minute(7), await minute(8)]
    expect(again).toEqual(first)
    expect(other.faults).not.toEqual(first.faults)
    expect(first.faults.length).toBeGreaterThan(10)
  })

  it('plays every kind of fault', async () => {
    const lines: string[] = []
    for (let seed = 1; seed <= 10; seed++) {
      const clock = new ManualClock()
      lines.push(...(await storm(new MemoryPair({ clock, seed }), clock, 60_000)))
    }
    for (const kind of [/cut$/, /late$/, /half-open$/, /nothing arrives/, /refused/]) {
      expect(lines.filter((line) => kind.test(line)).length, String(kind)).toBeGreaterThan(5)
    }
  })

  it('leaves no fault behind: what is published afterwards arrives, on connections that answer', async () => {
    await underSeeds(100, async (seed, note) => {
      const clock = new ManualClock()
      const server = new ScriptedServer({ clock, seed })
      const client = new RealtimeClient('ws://test/', {
        ...{ transport: server.transport, clock, random: () => 0.5 },
      })
      const got: unknown[] = []
      new ChannelSubscriber(client).subscribe('news', (n) => got.push(n))
      await clock.advance(500)
      for (const fault of await storm(server.transport, clock, 10_000)) note(fault)
      const { refusing, ends } = server.transport
      expect(refusing).toBe(false)
      // The client's connection, and none whose data or end is still to arrive.
      const open = ends.filter((end) => !end.closed)
      expect(open.length).toBeLessThanOrEqual(1)
      expect(open.filter((end) => end.frozen)).toEqual([])
      server.publish('news', 'said', 1)
      await clock.advance(20_000)
      expect(got).toEqual([1])
      client.close()
    })
  })

  it('refuses connections for as long as it says, also where two such faults overlap', async () => {
    let overlaps = 0
    for (let seed = 1; seed <= 50; seed++) {
      const clock = new ManualClock()
      const pair = new MemoryPair({ clock, seed })
      const refused = new Set<number>()
      const look = (): void => {
        if (pair.refusing) refused.add(clock.now())
        clock.after(1, look)
      }
      look()
      const lines = await storm(pair, clock, 20_000)
      let last = 0
      for (const line of lines) {
        const [, from, lasts] = /^(\d+) ms: .*refused for (\d+) ms/.exec(line) ?? []
        if (lasts === undefined) continue
        if (Number(from) < last) overlaps++
        last = Number(from) + Number(lasts)
        expect(last).toBeLessThanOrEqual(20_000)
        for (let ms = Number(from) + 1; ms < last; ms++) {
          if (!refused.has(ms)) expect.fail(`seed ${seed}, ${ms} ms: ${line}`)
        }
      }
    }
    expect(overlaps).toBeGreaterThan(5)
  })

  it('loses and repeats no event, under 20 seeds', async () => {
    await underSeeds(20, async (seed, note) => {
      const { got, faults, sent } = await minute(seed)
      faults.forEach(note)
      expect(got).toEqual(Array.from({ length: got.length }, (_, n) => n))
      expect(sent - got.length).toBeLessThan(3)
    })
  })
})

describe('underSeeds()', () => {
  it('runs every seed, or those of a list', async () => {
    const seeds: number[] = []
    await underSeeds(3, (seed) => seeds.push(seed))
    await underSeeds([17, 9], (seed) => seeds.push(seed))
    expect(seeds).toEqual([1, 2, 3, 17, 9])
  })

  it.each([[0], [[]]])('throws where no test would run: %j', async (seeds) => {
    await expect(underSeeds(seeds, () => {})).rejects.toThrow('got no seed')
  })

  it('names the seed of a failure, how to repeat it, and what the run noted', async () => {
    const run = underSeeds(9, async (seed, note) => {
      note(`0 ms: fault of ${seed}`)
      if (seed === 4) throw new Error('The event 12 is missing.')
    })
    await expect(run).rejects.toThrow(
      [
        'The run with seed 4 failed. Repeat it alone with underSeeds([4], …).',
        'The event 12 is missing.',
        '0 ms: fault of 4',
      ].join('\n'),
    )
  })
})
