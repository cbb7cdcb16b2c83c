import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { PresenceHandle, PresenceUser } from 'wirefold'
import { town } from './people.ts'

const ROOM = 'room'
/** Two tabs of one user, and one tab of each of two others. */
const PEOPLE = ['anna', 'anna', 'ben', 'eva']

const person = fc.nat(PEOPLE.length - 1)
const step = fc.oneof(
  fc.record({ do: fc.constant('enter' as const), who: person, meta: fc.nat(3) }),
  fc.record({ do: fc.constant('update' as const), who: person, meta: fc.nat(9) }),
  fc.record({ do: fc.constant('leave' as const), who: person }),
  fc.record({ do: fc.constant('disconnect' as const), who: person }),
  fc.record({ do: fc.constant('close' as const), who: person }),
  fc.record({ do: fc.constant('connect' as const), who: person }),
  fc.record({ do: fc.constant('freeze' as const), who: person }),
  fc.record({ do: fc.constant('watch' as const) }),
  fc.record({ do: fc.constant('look away' as const), ms: fc.nat(800) }),
  fc.record({ do: fc.constant('disconnect the watcher' as const) }),
  fc.record({ do: fc.constant('hand over' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(20), fc.nat(20_000)) }),
)
const delays = fc.record({ deliver: fc.nat(30), present: fc.nat(30) })

/** A user without times, which differ between observers. */
const timeless = ({ id, meta, devices }: PresenceUser) => ({
  id,
  meta,
  devices: devices.map((device) => [device.id, device.meta]),
})
const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort()

describe('any actions of users and networks', () => {
  test.prop([fc.array(step, { maxLength: 40 }), delays], { numRuns: 60 })(
    'finally show every client the present users, and no others',
    async (steps, delay) => {
      const { clock, client, disconnect, handOver, present, errors } = town({}, delay)
      const people = PEOPLE.map((name) => ({ name, ...client(name) }))
      const watchers = [client('steady'), client('restless')]
      const follow = watchers.map(({ presence }) => presence.of(ROOM).subscribe(() => {}))
      /** The expected meta of each person, and the handle. */
      const metas = people.map(
        (): { meta: unknown; handle: PresenceHandle } | undefined => undefined,
      )
      const open = people.map(() => true)
      await clock.advance(100)

      for (const one of steps) {
        const who = 'who' in one ? one.who : 0
        const someone = people[who]
        const held = metas[who]
        if (!someone) continue
        if (one.do === 'enter' && !held && open[who]) {
          metas[who] = { meta: one.meta, handle: someone.presence.enter(ROOM, one.meta) }
        } else if (one.do === 'update' && held) {
          held.meta = one.meta
          held.handle.update(one.meta)
        } else if (one.do === 'leave' && held) {
          held.handle()
          metas[who] = undefined
        } else if (one.do === 'disconnect' && someone.pair.ends.length) disconnect(someone.pair)
        else if (one.do === 'close') {
          someone.client.close()
          open[who] = false
        } else if (one.do === 'connect') {
          void someone.client.connect().catch(() => {})
          open[who] = true
        } else if (one.do === 'freeze' && someone.pair.ends.length) {
          // Permanently: messages lost on this connection, including its close, are not sent again.
          someone.pair.last.frozen = true
        } else if (one.do === 'look away') {
          follow[1]?.()
          await clock.advance(one.ms)
          follow[1] = watchers[1]?.presence.of(ROOM).subscribe(() => {}) ?? (() => {})
        } else if (one.do === 'watch') {
          const late = client('late')
          late.presence.of(ROOM).subscribe(() => {})
          watchers.push(late)
        } else if (one.do === 'disconnect the watcher')
          disconnect(watchers[0]?.pair ?? someone.pair)
        else if (one.do === 'hand over') await handOver()
        else if (one.do === 'wait') await clock.advance(one.ms)
      }
      await clock.advance(120_000)

      const truth = (await present(ROOM)).map(timeless)
      for (const { presence } of watchers) {
        expect(presence.of(ROOM).get().map(timeless)).toEqual(truth)
      }
      const expected = people.flatMap(({ name }, n) => {
        const held = metas[n]
        return held && open[n] ? [[name, held.meta]] : []
      })
      const shown = truth.flatMap(({ id, devices }) => devices.map(([, meta]) => [id, meta]))
      expect(sorted(shown)).toEqual(sorted(expected))
      expect(errors).toEqual([])
      // The changes that the first watcher received add up to its list.
      const seen = new Set<string>()
      for (const one of watchers[0]?.changes ?? []) {
        const [kind, id = ''] = one.split(' ')
        expect(seen.has(id)).toBe(kind !== 'joined')
        if (kind === 'joined') seen.add(id)
        if (kind === 'left') seen.delete(id)
      }
      expect(sorted([...seen])).toEqual(sorted(truth.map(({ id }) => id)))
    },
  )
})
