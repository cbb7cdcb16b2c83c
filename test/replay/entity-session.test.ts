import { describe, expect, it } from 'vitest'
import { ContextRegistry, feed } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import type { Fields } from '../../src/protocol/fields.ts'
import { outcomeOf } from '../support/scripted.ts'
import { replayed, untilSent } from './replayed.ts'
import { recordedSession } from './session.ts'

const CHANNEL = 'presence:workspace/tasks'

interface TaskContext {
  readonly kind: 'Task'
  readonly id: string
  /** The current row, or undefined if it is deleted. */
  readonly row: unknown
}

interface PresenceContext {
  readonly kind: 'Presence'
  readonly what: string
  readonly payload: { readonly users?: readonly { userId: string }[]; readonly userId?: string }
}

/** Both shapes of an entity event: the entity itself, or the entity in `data`. */
function taskOf(type: string, payload: unknown): TaskContext {
  const entity = payload as { id: string; data?: unknown }
  const row = type === 'entity:deleted' ? undefined : 'data' in entity ? entity.data : entity
  return { kind: 'Task', id: entity.id, row }
}

function makeRegistry() {
  return new ContextRegistry<TaskContext | PresenceContext>()
    .reduce('Task', { key: ({ id }) => id, initial: undefined as unknown, apply: (_, c) => c.row })
    .reduce('Presence', {
      initial: [] as readonly string[],
      apply(there, { what, payload }) {
        if (what === 'presence:sync') return (payload.users ?? []).map(({ userId }) => userId)
        const others = there.filter((userId) => userId !== payload.userId)
        return what === 'presence:leave' ? others : [...others, String(payload.userId)]
      },
    })
    .complete()
}

/** Reference implementation: computes tasks and members from the frames, without the library. */
function literal(frames: readonly Fields[]) {
  const tasks = new Map<unknown, unknown>()
  let there: unknown[] = []
  for (const { type, channel, payload } of frames as readonly {
    type: string
    channel?: string
    payload: Record<string, never>
  }[]) {
    if (channel === 'entity:Task' && type === 'entity:created') tasks.set(payload.id, payload)
    if (channel === 'entity:Task' && type === 'entity:updated') tasks.set(payload.id, payload.data)
    if (channel === 'entity:Task' && type === 'entity:deleted') tasks.delete(payload.id)
    if (type === 'presence:sync') {
      there = (payload.users as unknown as { userId: string }[]).map((user) => user.userId)
    }
    if (type === 'presence:join') there.push(payload.userId)
    if (type === 'presence:leave') there = there.filter((id) => id !== payload.userId)
  }
  return { tasks: [...tasks], there }
}

describe('a recorded session of an entity backend', () => {
  it('produces the recorded frames, and the expected lists and presence after every line', async () => {
    const registry = makeRegistry()
    const own: string[] = []
    const joined: unknown[] = []
    const marks: unknown[] = []
    let leave: (() => void) | undefined
    let cursor: ReturnType<typeof outcomeOf> | undefined
    const at = { timestamp: 1, requestId: 'join-1' }
    const presence = { kind: 'presence', resource: 'workspace/tasks', ...at } as const
    const rig = await replayed({
      dialect: entity,
      lines: recordedSession('entity-realtime'),
      play({ type, channel, requestId }, send) {
        if (type === 'subscribe') send({ type: 'subscribed', channel, requestId })
      },
      before({ channels }) {
        leave = channels.subscribe('entity:Task:x46', () => {})
        channels.subscribe('user:u-ines', (_, { type }) => own.push(type))
        feed(channels, CHANNEL, registry, ({ type, payload }) => ({
          kind: 'Presence',
          what: type,
          payload,
        }))
      },
      async act({ type, channel, payload }, rig) {
        const { channels, client } = rig
        switch (type) {
          case 'subscribe':
            feed(channels, String(channel), registry, (e) => taskOf(e.type, e.payload))
            break
          case 'unsubscribe':
            leave?.()
            break
          case 'presence:join':
            client.port.say({ ...presence, action: 'join', meta: { color: 'blue' } }, (answer) =>
              joined.push(answer?.kind),
            )
            break
          case 'presence:heartbeat':
            client.port.say({ ...presence, action: 'heartbeat', meta: undefined })
            break
          case 'cursor:move':
            cursor = outcomeOf(client.request('cursor:move', payload, { timeoutMs: 500 }))
            break
          case 'ping':
            await untilSent(rig)
            break
        }
      },
      mark(frames) {
        const found = {
          tasks: registry
            .slot('Task')
            .keys.get()
            .map((id) => [id, registry.slot('Task').get(id)]),
          there: registry.slot('Presence').get() ?? [],
        }
        expect(found).toEqual(literal(frames))
        marks.push(found)
      },
    })
    expect(new Set(marks.map((mark) => JSON.stringify(mark))).size).toBe(6)
    expect(joined).toEqual(['reply'])
    expect(cursor?.error).toMatchObject({ code: 'request-timeout', detail: { sent: true } })
    expect(own).toEqual(['entity:file_uploaded', 'report:ready'])
    expect(rig.errors).toMatchObject([
      { code: 'rate-limited', detail: { retryable: true, details: { code: 'RATE_LIMITED' } } },
    ])
  })
})
