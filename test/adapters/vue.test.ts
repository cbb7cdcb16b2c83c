import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isReactive, reactive, ref, shallowReactive, toRaw } from 'vue'
import {
  bindList,
  bindRecord,
  ChannelSubscriber,
  ContextRegistry,
  channelScope,
  createStore,
  defineManager,
  OptimisticManager,
  PresenceManager,
  pollWhileDown,
  storeFactory,
  sync,
} from 'wirefold'
import { MemoryTimelineStore } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'

interface Task {
  kind: 'Task'
  id: string
  title: string
}

const manifest: { exports: object } = JSON.parse(readFileSync('package.json', 'utf8'))
const entries = Object.keys(manifest.exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace(/^\./, 'wirefold'))

/** Creates a server, a client, and one object of every kind that an application keeps. */
async function createObjects() {
  const { server, url } = await serve()
  const { client } = connect(url)
  const channels = new ChannelSubscriber(client)
  const presence = new PresenceManager(channels)
  const contexts = new ContextRegistry<Task>().keyed('Task', ({ id }) => id)
  const optimistic = new OptimisticManager({ client, channels })
  const load = async () => ({ state: [] })
  const list = bindList<Task>(channels, 'entity:Task', { load })
  return {
    ...{ server, client, channels, presence, contexts, optimistic, list },
    record: bindRecord<Task>(channels, 'entity:Task', { load: async () => ({ state: undefined }) }),
    state: client.state,
    pending: client.pending,
    members: presence.of('room:1'),
    entity: contexts.entity('Task', '1'),
    view: optimistic.view(list),
    store: createStore(1),
    made: storeFactory().create(1).store,
    subscription: channels.subscribe('room:1', () => {}),
    bag: channelScope(channels),
    synced: sync(channels, 'room:2', { load, into: { reset() {}, fold() {} } }),
    poll: pollWhileDown(client, { poll: load, into: { reset() {} } }),
    manager: defineManager({ topics: ['room:1'], onEvent() {} }),
    tracker: server.presence,
    timeline: new MemoryTimelineStore(),
  }
}

describe('Vue', () => {
  for (const name of entries) {
    it(`does not make objects of any class of ${name} reactive`, async () => {
      const exported: Record<string, unknown> = await import(name)
      for (const [label, value] of Object.entries(exported)) {
        if (typeof value !== 'function' || !/^class\b/.test(String(value))) continue
        // Vue skips errors, but not objects created here from their prototype.
        if (value.prototype instanceof Error) continue
        expect(isReactive(reactive(Object.create(value.prototype))), label).toBe(false)
      }
    })
  }

  it('does not wrap library objects in reactive, ref or shallowReactive', async () => {
    const all = await createObjects()
    for (const [name, thing] of Object.entries(all)) {
      expect(reactive({ thing }).thing, name).toBe(thing)
      expect(ref<unknown>(thing).value, name).toBe(thing)
      expect(shallowReactive({ thing }).thing, name).toBe(thing)
      expect(toRaw(thing), name).toBe(thing)
    }
  })

  it('does not break library objects', async () => {
    const all = await createObjects()
    const state = reactive(all)
    const seen: unknown[] = []
    state.server.handle('echo', (payload) => payload)
    await state.client.connect()
    state.channels.subscribe('room:1', (payload) => seen.push(payload))
    await state.subscription.ready
    await state.server.publish('room:1', 'note', 'hello')
    await until(() => expect(seen).toEqual(['hello']))
    expect(await state.client.request('echo', 1)).toBe(1)
    state.contexts.dispatch({ kind: 'Task', id: '1', title: 'Write' })
    expect(state.entity.get()).toMatchObject({ title: 'Write' })
    state.store.set(2)
    expect(state.store.get()).toBe(2)
    state.manager.initialize(all.channels)
    expect(state.manager.active).toBe(true)
    state.manager.cleanup()
    state.list.start()
    await until(() => expect(state.list.status.get().name).toBe('live'))
    expect(state.optimistic.pending.get()).toEqual([])
    expect(state.members.get()).toEqual([])
  })
})
