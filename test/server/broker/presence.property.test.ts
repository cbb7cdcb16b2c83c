import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Broker, ChannelEvent } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import type { PresenceState } from '../../../src/presence/presence-state.ts'
import { foldPresence, unknownPresence } from '../../../src/presence/presence-state.ts'
import { eventListener } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

const two = fc.nat({ max: 1 })
const step = fc.record({
  do: fc.constantFrom('join', 'join', 'update', 'leave'),
  ...{ node: two, user: two, device: two, owner: two, meta: two },
})

interface Device {
  readonly id: string
  owner: string
  meta: number
}

/** A model of the presence store: users and devices in lists. */
class Model {
  readonly users: { readonly id: string; devices: Device[] }[] = []

  apply(what: string, userId: string, device: string, owner: string, meta: number): boolean {
    const user = this.users.find(({ id }) => id === userId)
    const held = user?.devices.find(({ id }) => id === device)
    if (what === 'join') {
      if (held) Object.assign(held, { owner, meta })
      else if (user) user.devices.push({ id: device, owner, meta })
      else this.users.push({ id: userId, devices: [{ id: device, owner, meta }] })
      return true
    }
    if (!user || held?.owner !== owner) return false
    if (what === 'update') held.meta = meta
    else user.devices = user.devices.filter((other) => other !== held)
    if (!user.devices.length) this.users.splice(this.users.indexOf(user), 1)
    return true
  }
}

/** The presence state of a client that subscribed before the first event. */
class Client {
  #state = this.#folded(unknownPresence, 'presence:sync', { users: [] }, undefined)

  get users(): readonly unknown[] {
    return [...this.#state.users.values()]
  }

  take({ type, payload, offset }: ChannelEvent): void {
    this.#state = this.#folded(this.#state, type, payload, offset)
  }

  #folded(before: PresenceState, type: string, payload: unknown, offset: number | undefined) {
    const event = { ...({ kind: 'event', channel: 'room' } as const), type, payload, offset }
    const rest = { id: undefined, prev: undefined, via: undefined, timestamp: undefined }
    const { state, changes } = foldPresence(before, { ...event, ...rest }, 0, 1)
    // A user that joins was not present; a user that leaves or changes was.
    const kinds = { join: 'joined', update: 'updated', leave: 'left' } as const
    const [, name = ''] = type.split(':')
    const expected = Object.entries(kinds).find(([word]) => word === name)
    expect(changes.map(({ kind }) => kind)).toEqual(expected ? [expected[1]] : [])
    expect(state.stale).toBe(false)
    return state
  }
}

function property(name: string, nodes: () => Promise<readonly [Broker, Broker]>, numRuns: number) {
  let run = 0
  test.prop([fc.array(step, { maxLength: 14 }), fc.boolean()], { numRuns })(
    `${name}: the events add up to the users present, and these match the model`,
    async (steps, atOnce) => {
      const both = await nodes()
      run += 1
      const resource = `room ${run}`
      const clients = [new Client(), new Client()]
      const offs = await Promise.all(
        both.map((broker, n) =>
          broker.subscribe(
            `presence:${resource}`,
            eventListener((event) => clients[n]?.take(event)),
          ),
        ),
      )
      const model = new Model()
      const pending: Promise<unknown>[] = []
      for (const one of steps) {
        const { presence } = both[one.node] ?? both[0]
        const [userId, device, owner] = [`u${one.user}`, `d${one.device}`, `o${one.owner}`]
        const claim = { ...{ resource, userId, device, owner }, name: undefined }
        const [meta, lease] = [`${one.meta}`, { lastSeen: 1, ttlMs: 60_000 }]
        const expected = model.apply(one.do, userId, device, owner, one.meta)
        const done =
          one.do === 'join'
            ? presence.join({ ...claim, meta }, lease).then(() => true)
            : one.do === 'update'
              ? presence.update(claim, meta, lease)
              : presence.leave(claim)
        if (atOnce) pending.push(done)
        else expect(await done).toBe(expected)
      }
      await Promise.all(pending)
      const { users, at } = await both[1].presence.present(resource)
      expect(at).toEqual(await both[0].head(`presence:${resource}`))
      await until(() => {
        for (const client of clients) expect(client.users).toEqual(users)
      })
      // Concurrent calls on two nodes run in any order.
      if (!atOnce) {
        const devices = (list: readonly Omit<Device, 'owner'>[]) =>
          list.map(({ id, meta }) => [id, meta])
        const there = users.map(({ id, devices: list }) => [
          id,
          list.map((device) => [device.id, device.meta]),
        ])
        expect(there).toEqual(model.users.map(({ id, devices: list }) => [id, devices(list)]))
      }
      for (const off of offs) off()
    },
  )
}

describe('any sequence of calls on two nodes', () => {
  const broker = new MemoryBroker()
  property('memory', async () => [broker, broker], 50)
})

describeWithRedis('any sequence of calls on two nodes', async () => {
  const bench = await redisBench()
  for (const strategy of ['streams', 'pub-sub'] as const) {
    const options = { prefix: bench.prefix(), strategy }
    const nodes = [await bench.broker(options), await bench.broker(options)] as const
    property(strategy, async () => nodes, 30)
  }
})
