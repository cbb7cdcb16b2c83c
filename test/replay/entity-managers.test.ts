import { signal } from '@preact/signals-core'
import { get as getOf, writable } from 'svelte/store'
import { describe, expect, it } from 'vitest'
import type { BoundList, PresenceUser } from 'wirefold'
import { bindList, bindRecord, OptimisticManager, PresenceManager } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import { valueSignals } from 'wirefold/signals'
import { svelteStores } from 'wirefold/svelte'
import type { Fields } from '../../src/protocol/fields.ts'
import { controlledApi } from '../optimistic/controlled-api.ts'
import { outcomeOf } from '../support/scripted.ts'
import { started } from '../support/started.ts'
import type { Done } from './literal-entities.ts'
import { inOtherShape, LiteralEntities } from './literal-entities.ts'
import { replayed } from './replayed.ts'
import { recordedSession } from './session.ts'

const ROOM = 'workspace/tasks'
const [FIRST, SECOND] = [0, 1].map((n) => `550e8400-e29b-41d4-a716-44665544000${n}`)
const NEW = { id: 'n1', title: 'Mine', status: 'open' }

type Answer = 'refused' | Fields

/** Mutations that begin, and replies that arrive, before each line of the server. */
const SCRIPT: Readonly<Record<string, readonly (Done | { at: number; reply: Answer })[]>> = {
  'entity:created': [{ what: 'create', data: { title: 'Mine' } }],
  'entity:updated': [{ what: 'update', id: FIRST ?? '', data: { status: 'doing' } }],
  'entity:deleted': [
    { at: 0, reply: NEW },
    { what: 'delete', id: SECOND ?? '' },
    { what: 'update', id: NEW.id, data: { status: 'done' } },
  ],
  'entity:file_uploaded': [{ at: 1, reply: 'refused' }],
  'presence:sync': [{ at: 2, reply: 'refused' }],
  'presence:join': [{ what: 'update', id: NEW.id, data: { title: 'Ours' } }],
  'presence:leave': [
    { at: 3, reply: { ...NEW, status: 'done' } },
    { what: 'delete', id: SECOND ?? '' },
  ],
  pong: [
    { at: 4, reply: { ...NEW, status: 'done', title: 'Ours' } },
    { at: 5, reply: {} },
  ],
}

async function walked(lines: ReturnType<typeof recordedSession>) {
  const literal = new LiteralEntities()
  /** The state of lists without optimistic mutations. */
  const followed = new LiteralEntities()
  let read = 0
  const backend = controlledApi()
  const optimistic = new OptimisticManager({ api: backend.api })
  const outcomes: ReturnType<typeof outcomeOf>[] = []
  const requests: ReturnType<typeof outcomeOf>[] = []
  const others: { get(): readonly Fields[] }[] = []
  const shown: string[] = []
  let tasks: BoundList<Fields> | undefined
  let users: readonly PresenceUser[] = []
  let presence: PresenceManager | undefined
  let leaveRecord: (() => void) | undefined
  let ready: ReturnType<typeof outcomeOf> | undefined

  const look = (): void => {
    if (!tasks) return
    const view = optimistic.view(tasks).get()
    const named = view.map((row) =>
      String(row.id).startsWith('temp_') ? { ...row, id: 'temporary' } : row,
    )
    expect(named).toEqual(literal.shown)
    expect(tasks.state.get()).toEqual(literal.confirmed)
    for (const other of others) expect(other.get()).toEqual(followed.confirmed)
    expect(users).toEqual(literal.users)
    expect(presence?.members.get().get(ROOM) ?? []).toEqual(users)
    shown.push(JSON.stringify([named, users]))
  }

  function begin(done: Done): void {
    if (!tasks) throw new Error('The list does not exist yet.')
    const { what, id = '', data = {} } = done
    literal.done.push(done)
    const promise =
      what === 'create'
        ? optimistic.create('Task', data, tasks)
        : what === 'update'
          ? optimistic.update('Task', id, data, tasks)
          : optimistic.delete('Task', id, tasks)
    outcomes.push(outcomeOf<unknown>(promise))
    // Visible at once, before any reply.
    look()
  }

  async function settle(at: number, reply: Answer): Promise<void> {
    const [done, call] = [literal.done[at], backend.calls[at]]
    if (!done || !call) throw new Error('No such mutation has begun.')
    expect(outcomes[at]).toEqual({})
    literal.answer(done, reply)
    await (reply === 'refused' ? call.reject() : call.resolve(reply))
    look()
  }

  const rig = await replayed({
    dialect: entity,
    // The test sends the only ping at its recorded position.
    options: { heartbeat: false },
    lines,
    play({ type, channel, requestId }, send) {
      if (type === 'subscribe') send({ type: 'subscribed', channel, requestId })
    },
    before({ channels }) {
      presence = new PresenceManager(channels)
      presence.of(ROOM).subscribe((now) => {
        users = now
      })
      leaveRecord = started(
        bindRecord(channels, 'entity:Task:x46', {
          load: async () => ({ state: undefined }),
        }),
      )
    },
    async act({ type, payload }, { channels, client, clock }) {
      const load = async (): Promise<{ state: readonly Fields[] }> => ({ state: [] })
      // The recorded backend has rows that `load` did not return.
      const given = { load, upsert: true }
      switch (type) {
        case 'subscribe': {
          tasks = started(bindList(channels, 'entity:Task', given))
          const inSvelte = started(
            bindList(channels, 'entity:Task', {
              ...given,
              into: svelteStores(writable),
            }),
          ).store
          const inPreact = started(
            bindList(channels, 'entity:Task', {
              ...given,
              into: valueSignals(signal),
            }),
          ).store
          const plain = started(bindList(channels, 'entity:Task', given)).store
          others.push(plain, { get: () => getOf(inSvelte) }, { get: () => inPreact.value })
          break
        }
        case 'presence:join': {
          const { metadata } = payload as Fields
          if (presence) ready = outcomeOf(presence.enter(ROOM, metadata).ready)
          break
        }
        case 'presence:heartbeat':
          expect(ready).toHaveProperty('value')
          await clock.advance(25_000 - (clock.now() % 25_000))
          break
        case 'cursor:move':
          requests.push(outcomeOf(client.request('cursor:move', payload, { timeoutMs: 500 })))
          break
        case 'ping':
          await clock.advance(500)
          client.port.say({ kind: 'ping', timestamp: clock.wall() })
          break
        case 'unsubscribe':
          leaveRecord?.()
          break
      }
    },
    async beforeServer({ type }) {
      for (const step of SCRIPT[String(type)] ?? []) {
        if ('what' in step) begin({ ...step })
        else await settle(step.at, step.reply)
      }
    },
    mark(frames) {
      for (const frame of frames.slice(read)) {
        literal.read(frame)
        followed.read(frame)
      }
      read = frames.length
      look()
    },
  })
  return { rig, literal, optimistic, outcomes, requests, shown, tasks, others }
}

describe('a recorded session of an entity backend', () => {
  const recorded = recordedSession('entity-realtime')
  const variants: Record<string, typeof recorded> = {
    'as recorded': recorded,
    'with the other shape of its payloads': recorded.map(({ dir, frame }) => ({
      dir,
      frame: dir === 's2c' ? inOtherShape(frame) : frame,
    })),
  }

  it.each(Object.entries(variants))(
    'has the expected lists, pending mutations and presence after every line, %s',
    async (_, lines) => {
      const { optimistic, outcomes, requests, shown, literal, tasks, rig, others } =
        await walked(lines)
      // The states differ from line to line.
      expect(new Set(shown).size).toBe(16)
      expect(literal.confirmed).toEqual([{ ...NEW, status: 'done', title: 'Ours' }])
      expect(others[0]?.get().map(({ id }) => id)).toEqual([SECOND])
      expect(outcomes.map(({ error }) => error !== undefined)).toEqual([
        ...[false, true, true, false, false, false],
      ])
      expect(optimistic.pending.get()).toEqual([])
      expect(tasks && JSON.stringify(optimistic.view(tasks).get())).not.toContain('_optimistic')
      expect(requests).toMatchObject([
        { error: { code: 'request-timeout', detail: { sent: true } } },
      ])
      expect(rig.errors).toMatchObject([{ code: 'rate-limited' }])
    },
  )
})
