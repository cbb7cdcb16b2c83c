import { describe, expect, it, onTestFinished } from 'vitest'
import { ContextRegistry, RealtimeClient } from 'wirefold'
import { contract, unchecked } from 'wirefold/contract'
import { ManualClock, ManualEnvironment, ScriptedServer } from 'wirefold/testing'
import type { RealtimeOptions } from '../../src/adapters/binding/realtime-parts.ts'
import { asFields } from '../../src/protocol/fields.ts'

/** The hooks or composables of a framework, as the stories call them. */
export interface SuiteHooks {
  useClient(): RealtimeClient
  useConnection(): View
  useChannel(channel: unknown, handler?: unknown): void
  useEvent(channel: unknown): unknown
  useRequest(type: string): View & { send(payload?: unknown): Promise<unknown> }
  useEntity(name: string, key?: unknown): unknown
  useList(channel: unknown, options: ListSuiteOptions): View & SuiteActions
  usePresence(resource: unknown, meta?: unknown): View & { update(meta: unknown): void }
  usePending(): unknown
}
type View = { readonly [name: string]: unknown }
interface SuiteActions {
  create(data: object): Promise<unknown>
  update(id: string, data: object): Promise<unknown>
  delete(id: string): Promise<unknown>
}
interface ListSuiteOptions {
  readonly initial?: readonly object[]
  load(signal: AbortSignal): Promise<{ state: readonly object[] }>
  filter?(row: object): boolean
}

/** What a component of a story is set up with. */
export interface Setup {
  readonly hooks: SuiteHooks
  /** Returns the value of what a hook has returned; it is followed where it is read. */
  value(shown: unknown): unknown
  /** The name that the test can change, to be passed to a hook. */
  readonly name: unknown
}

/**
 * A component of a story: called as often as the framework calls its components.
 *
 * @returns what the component shows, and the functions that the test calls as its user
 */
export type Component = (setup: Setup) => {
  readonly show: () => unknown
  readonly [action: string]: unknown
}

/** A page that a framework shows. */
export interface Page {
  /** What each component has shown last. */
  shown(): readonly unknown[]
  /** The first component's functions, of its newest render. */
  action(name: string): (...args: readonly unknown[]) => unknown
  /** Changes the name that the components are given. */
  rename(name: string | undefined): void
  unmount(): void
}

/** A framework under the suite. */
export interface Framework {
  /** Shows components below a provider of a client. */
  open(options: RealtimeOptions, components: readonly Component[], name: string | undefined): Page
  /** Runs a step, and lets the framework update the page. */
  during(step: () => Promise<unknown>): Promise<void>
}

type Task = { id: string; title: string }
const ok = { id: '1', title: 'Write' }
const room = 'workspace/tasks'

/** The stories that hold in every framework. */
export function hooksSuite(framework: string, { open, during }: Framework): void {
  function started(
    components: readonly Component[],
    given: {
      readonly name?: string | undefined
      readonly options?: Partial<RealtimeOptions>
      readonly answer?: (type: string, payload: unknown) => unknown
      readonly closes?: boolean
      readonly environment?: ManualEnvironment
      readonly contract?: object
    } = {},
  ) {
    const clock = new ManualClock()
    const { answer } = given
    const server = new ScriptedServer({ clock, ...(answer && { answer }) })
    server.welcome = { userId: 'ana' }
    const { transport } = server
    const { environment = new ManualEnvironment() } = given
    const random = () => 0.5
    const checked = given.contract && { contract: given.contract }
    const client = new RealtimeClient('ws://test/', {
      ...{ clock, transport, random, environment },
      ...checked,
    })
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    const page = open({ client, ...given.options }, components, given.name)
    onTestFinished(() => client.close())
    const sockets = () => transport.ends.length
    const pass = (ms: number) => during(() => clock.advance(ms))
    const sent = (type: string) =>
      server.messages.filter((message) => message.type === type).map(({ payload }) => payload)
    return { clock, server, client, page, sockets, pass, sent, errors, step: during }
  }

  describe(`the hooks in ${framework}`, () => {
    it('open nothing while no component needs the server', async () => {
      const { page, sockets, pass, client } = started([
        ({ hooks, value, name }) => {
          const { state } = hooks.useConnection()
          hooks.useChannel(name, () => {})
          const event = hooks.useEvent(name)
          hooks.useRequest('task:get')
          return { show: () => [value(state), value(event), hooks.useClient === undefined] }
        },
      ])
      await pass(1_000)
      expect(page.shown()).toEqual([['idle', undefined, false]])
      expect([sockets(), client.state.get().name]).toEqual([0, 'idle'])
    })

    it('show the connection, and the time to the next attempt at every second', async () => {
      const { page, pass, client, server, step, clock } = started([
        ({ hooks, value }) => {
          const { state, attempt, retryInMs, online } = hooks.useConnection()
          return { show: () => [state, attempt, retryInMs, online].map(value) }
        },
      ])
      await step(async () => void client.connect())
      await pass(1)
      expect(page.shown()).toEqual([['open', 0, undefined, true]])
      server.transport.refusing = true
      await step(async () => server.drop())
      const times: unknown[] = []
      for (let second = 0; second < 40; second++) {
        await pass(500)
        const [shown] = page.shown()
        times.push(Array.isArray(shown) ? shown[2] : shown)
      }
      const seconds = times.filter((time) => typeof time === 'number' && time % 1_000 === 0)
      expect(seconds.length).toBeGreaterThan(3)
      const timers = clock.timers
      page.unmount()
      await pass(0)
      expect(clock.timers).toBe(timers - 1)
      client.close()
      await pass(1)
      expect(clock.timers).toBe(0)
    })

    it('show whether there is a network, also while no connection is wanted', async () => {
      const environment = new ManualEnvironment()
      const shows: Component = ({ hooks, value }) => {
        const { state, online } = hooks.useConnection()
        return { show: () => [state, online].map(value) }
      }
      const { page, pass, client, step } = started([shows], { environment })
      expect(page.shown()).toEqual([['idle', true]])
      await step(async () => environment.emit('offline'))
      await pass(1)
      expect(page.shown()).toEqual([['idle', false]])
      await step(async () => environment.emit('online'))
      await pass(1)
      expect(page.shown()).toEqual([['idle', true]])
      await step(async () => client.close())
      await step(async () => environment.emit('offline'))
      await pass(1)
      expect(page.shown()).toEqual([['closed', false]])
    })

    it('return the members of their types only', async () => {
      const load = async () => ({ state: [] })
      const { page } = started([
        ({ hooks }) => {
          const members = [
            hooks.useConnection(),
            hooks.useRequest('task:get'),
            hooks.useList('entity:Task', { load }),
            hooks.usePresence('doc'),
          ].map((shown) => Object.keys(shown).sort().join(' '))
          return { show: () => members }
        },
      ])
      expect(page.shown()).toEqual([
        [
          'attempt online retryInMs state',
          'error pending reply send',
          'create delete error refetch rows status update',
          'me others update',
        ],
      ])
    })

    it('follow a channel on one socket, with one subscribe for all components', async () => {
      const received: unknown[] = []
      const { page, pass, server, sockets, client, clock, errors } = started(
        [
          ({ hooks, name }) => {
            hooks.useChannel(name, (payload: unknown) => received.push(['any', payload]))
            return { show: () => 'a' }
          },
          ({ hooks, name }) => {
            const order = (payload: unknown) => received.push(['order', payload])
            hooks.useChannel(name, { order })
            return { show: () => 'b' }
          },
        ],
        { name: 'news' },
      )
      await pass(100)
      server.publish('news', 'order', 1)
      server.publish('news', 'valueOf', 2)
      await pass(1)
      expect(received).toEqual([
        ['any', 1],
        ['order', 1],
        ['any', 2],
      ])
      expect([sockets(), server.count('subscribe'), errors]).toEqual([1, 1, []])
      page.unmount()
      await pass(1_000)
      expect(server.count('unsubscribe')).toBe(1)
      server.publish('news', 'order', 3)
      await pass(1)
      expect(received).toHaveLength(3)
      client.close()
      await pass(1)
      expect(clock.timers).toBe(0)
    })

    it('follow a channel without a handler, where there is no registry either', async () => {
      const follows: Component = ({ hooks, name }) => {
        hooks.useChannel(name, undefined)
        return { show: () => 'followed' }
      }
      const { page, pass, server, errors } = started([follows, follows], { name: 'news' })
      await pass(100)
      expect([page.shown(), [...server.subscribed]]).toEqual([['followed', 'followed'], ['news']])
      server.publish('news', 'order', 1)
      await pass(1)
      expect(errors).toEqual([])
      page.unmount()
      await pass(1_000)
      expect(server.count('unsubscribe')).toBe(1)
    })

    it('show the last event, and follow another channel once its name changes', async () => {
      const { page, pass, server, step } = started(
        [
          ({ hooks, value, name }) => {
            const event = hooks.useEvent(name)
            return { show: () => asFields(value(event)).payload }
          },
        ],
        { name: 'a' },
      )
      await pass(100)
      server.publish('a', 'note', 'one')
      await pass(1)
      expect(page.shown()).toEqual(['one'])
      await step(async () => page.rename('b'))
      await pass(1_000)
      expect(page.shown()).toEqual([undefined])
      server.publish('a', 'note', 'two')
      server.publish('b', 'note', 'three')
      await pass(1)
      expect(page.shown()).toEqual(['three'])
      expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([2, 1])
      await step(async () => page.rename(undefined))
      await pass(1_000)
      expect(page.shown()).toEqual([undefined])
      expect([...server.subscribed]).toEqual([])
    })

    it('send requests, and show whether they wait, their reply, and their error', async () => {
      const answer = (_: string, payload: unknown) => {
        if (payload === 'bad') throw new Error('not-found')
        return payload === 'late' ? undefined : ok
      }
      const { page, pass, step, sent } = started([requester], { answer })
      const outcomes: unknown[] = []
      const send = (payload: unknown) =>
        step(async () => {
          Promise.resolve(page.action('send')(payload)).then(
            (reply) => outcomes.push(reply),
            (error) => outcomes.push(error.code),
          )
        })
      await send('good')
      expect(page.shown()).toEqual([[true, undefined, undefined]])
      await pass(10)
      expect(page.shown()).toEqual([[false, undefined, ok]])
      await send('bad')
      await pass(10)
      expect(page.shown()).toEqual([[false, 'not-found', ok]])
      await send('late')
      await send('good')
      await pass(10)
      expect(page.shown()).toEqual([[true, undefined, ok]])
      // The error of the former is not that of the one sent last.
      await pass(120_000)
      expect(page.shown()).toEqual([[false, undefined, ok]])
      await send('late')
      expect(page.shown()).toEqual([[true, undefined, ok]])
      page.unmount()
      await pass(1)
      expect(outcomes).toEqual([ok, 'not-found', ok, 'request-timeout', 'aborted'])
      const count = sent('task:get').length
      await send('good')
      await pass(10)
      expect([outcomes.at(-1), sent('task:get').length]).toEqual(['aborted', count])
    })

    it('keep a list in step, and show changes before the server has confirmed them', async () => {
      let fetches = 0
      const load = async () => {
        fetches++
        return { state: [ok] }
      }
      const tasks: Component = ({ hooks, value, name }) => {
        const {
          rows,
          status,
          error,
          create,
          update,
          delete: remove,
        } = hooks.useList(name, { load })
        const titles = () =>
          (value(rows) as readonly (Task & { _optimistic?: true })[]).map(
            ({ title, _optimistic }) => title + (_optimistic ? '…' : ''),
          )
        const code = () => asFields(value(error)).code
        return { show: () => [...titles(), value(status), code()], create, update, remove }
      }
      const pending: Component = ({ hooks, value }) => {
        const all = hooks.usePending()
        return { show: () => (value(all) as readonly unknown[]).length }
      }
      const answer = (type: string, payload: unknown) => {
        const { title } = asFields(payload)
        if (title === 'bad') throw new Error('forbidden')
        return type === 'task:create' ? { id: '2', title } : { id: '1', title }
      }
      const { page, pass, server, step, sockets, sent, errors } = started([tasks, pending], {
        answer,
        name: 'entity:Task',
        options: { api },
      })
      expect(page.shown()).toEqual([[expect.stringMatching(/idle|pending/), undefined], 0])
      await pass(10)
      expect(page.shown()).toEqual([['Write', 'live', undefined], 0])
      expect([fetches, sockets(), server.count('subscribe')]).toEqual([1, 1, 1])
      server.publish('entity:Task', 'entity:updated', { id: '1', title: 'Read' })
      await pass(1)
      expect(page.shown()).toEqual([['Read', 'live', undefined], 0])
      await step(async () => void page.action('create')({ title: 'Walk' }))
      await step(async () => void page.action('update')('1', { title: 'Rest' }))
      expect(page.shown()).toEqual([['Rest…', 'Walk…', 'live', undefined], 2])
      await pass(10)
      expect(page.shown()).toEqual([['Rest', 'Walk', 'live', undefined], 0])
      expect(sent('task:create')).toEqual([{ title: 'Walk' }])
      await step(async () => void page.action('update')('1', { title: 'bad' }))
      expect(page.shown()).toEqual([['bad…', 'Walk', 'live', undefined], 1])
      await pass(10)
      expect(page.shown()).toEqual([['Rest', 'Walk', 'live', 'forbidden'], 0])
      await step(async () => void page.action('remove')('1'))
      expect(page.shown()[0]).toEqual(['Walk', 'live', undefined])
      page.unmount()
      await pass(1_000)
      expect([[...server.subscribed], errors]).toEqual([[], []])
    })

    it('show a change in every list of its channel, and the error of the newest alone', async () => {
      const answer = (_: string, payload: unknown) => {
        if (asFields(payload).title === 'bad') throw new Error('forbidden')
        return undefined
      }
      const tasks: Component = ({ hooks, value, name }) => {
        const { rows, error, create } = hooks.useList(name, { load: async () => ({ state: [ok] }) })
        const titles = () => (value(rows) as readonly Task[]).map(({ title }) => title)
        return { show: () => [...titles(), asFields(value(error)).code], create }
      }
      const given = { answer, name: 'entity:Task', options: { api } }
      const { page, pass, step } = started([tasks, tasks], given)
      await pass(10)
      await step(async () => {
        void page.action('create')({ title: 'bad' })
        void page.action('create')({ title: 'Walk' })
      })
      expect(page.shown()).toEqual(Array(2).fill(['Write', 'bad', 'Walk', undefined]))
      await pass(10)
      expect(page.shown()).toEqual(Array(2).fill(['Write', 'Walk', undefined]))
    })

    it('show the rows that a list begins with until it is fetched', async () => {
      const initial = [{ id: '7', title: 'Rendered' }]
      const tasks: Component = ({ hooks, value, name }) => {
        const { rows, status } = hooks.useList(name, {
          load: async () => ({ state: [ok] }),
          initial,
        })
        return { show: () => [(value(rows) as readonly Task[])[0]?.title, value(status)] }
      }
      const { page, pass } = started([tasks], { name: 'entity:Task' })
      expect(page.shown()).toEqual([['Rendered', expect.stringMatching(/idle|pending/)]])
      await pass(10)
      expect(page.shown()).toEqual([['Write', 'live']])
    })

    it('show pending changes oldest first, also once another list of their channel is shown', async () => {
      const load = async () => ({ state: [] })
      const lists: Component = ({ hooks, value }) => {
        const tasks = hooks.useList('entity:Task', { load })
        const users = hooks.useList('entity:User', { load })
        const all = hooks.usePending()
        const entities = () =>
          (value(all) as readonly { intent: unknown }[]).map(
            ({ intent }) => asFields(intent).entity,
          )
        return { show: entities, task: tasks.create, user: users.create }
      }
      const other: Component = ({ hooks, value, name }) => {
        const { rows } = hooks.useList(name, { load })
        return { show: () => (value(rows) as readonly unknown[]).length }
      }
      const answer = () => undefined
      const given = { answer, name: 'entity:Shop', options: { api } }
      const { page, pass, step } = started([lists, other], given)
      await pass(10)
      await step(async () => void page.action('task')({ title: 'Walk' }))
      await step(async () => void page.action('user')({ title: 'Ana' }))
      expect(page.shown()).toEqual([['Task', 'User'], 0])
      // React warns where a render changes what another component shows.
      await step(async () => page.rename('entity:Task'))
      await pass(10)
      expect(page.shown()).toEqual([['Task', 'User'], 1])
    })

    it('filter a list by the newest function', async () => {
      const rows = [ok, { id: '2', title: 'Read' }]
      const titled: Component = ({ hooks, value, name }) => {
        const wanted = () => (typeof name === 'function' ? name() : name)
        const { rows: shown } = hooks.useList('entity:Task', {
          load: async () => ({ state: rows }),
          filter: (row) => (row as Task).title === wanted(),
        })
        return { show: () => (value(shown) as readonly Task[]).map(({ id }) => id) }
      }
      const { page, pass, step, server } = started([titled], { name: 'Write' })
      await pass(10)
      expect(page.shown()).toEqual([['1']])
      await step(async () => page.rename('Read'))
      await pass(10)
      expect(page.shown()).toEqual([['2']])
      expect(server.count('subscribe')).toBe(1)
    })

    it('show the error of a fetch until the next one succeeds', async () => {
      let isDown = true
      const load = async () => {
        if (isDown) throw new Error('down')
        return { state: [ok] }
      }
      const { page, pass, errors } = started(
        [
          ({ hooks, value, name }) => {
            const { rows, error } = hooks.useList(name, { load })
            const count = () => (value(rows) as readonly Task[]).length
            return { show: () => [count(), String(value(error))] }
          },
        ],
        { name: 'entity:Task' },
      )
      await pass(10)
      expect(page.shown()).toEqual([[0, 'Error: down']])
      expect(errors).toHaveLength(1)
      isDown = false
      await pass(10_000)
      expect(page.shown()).toEqual([[1, 'undefined']])
    })

    it('reject a change of a list where the entity or the request is not known', async () => {
      const tasks: Component = ({ hooks, value, name }) => {
        const { error, create } = hooks.useList(name, { load: async () => ({ state: [] }) })
        return { show: () => asFields(value(error)).message, create }
      }
      for (const [name, message] of [
        ['shop:42', 'The list of shop:42 has no entity to change. Pass the option `entity`.'],
        ['entity:Task', 'There are no requests for changes. Pass `api` to the provider.'],
      ]) {
        const { page, pass, step } = started([tasks], { name })
        await pass(10)
        await step(async () => void page.action('create')({ title: 'Walk' }))
        await pass(1)
        expect(page.shown()).toEqual([message])
      }
    })

    it('show who is present, and make the page present until it is unmounted', async () => {
      const watching: Component = ({ hooks, value, name }) => {
        const { me, others, update } = hooks.usePresence(name)
        const ids = () => (value(others) as readonly Task[]).map(({ id }) => id)
        return { show: () => [value(me), ...ids()], update }
      }
      const present: Component = ({ hooks, value, name }) => {
        const { me } = hooks.usePresence(name, { typing: false })
        return { show: () => value(me) }
      }
      const { page, pass, server, step } = started([watching, present], {
        name: room,
        answer: () => 'ok',
      })
      await pass(10)
      const users = ['ana', 'ben'].map((id) => ({ id, lastSeen: 1, devices: [] }))
      server.send({ type: 'presence:sync', channel: `presence:${room}`, payload: { users } })
      await pass(1)
      const still = { typing: false }
      expect(page.shown()).toEqual([[still, 'ben'], still])
      await step(async () => void page.action('update')({ typing: true }))
      await pass(2_000)
      const typing = { typing: true }
      expect(page.shown()).toEqual([[typing, 'ben'], typing])
      const counts = () =>
        ['join', 'update', 'leave'].map((name) => server.count(`presence:${name}`))
      expect(counts()).toEqual([1, 1, 0])
      page.unmount()
      await pass(1_000)
      expect(counts()).toEqual([1, 1, 1])
      expect([...server.subscribed]).toEqual([])
    })

    it('show no meta of a page whose presence the server refuses', async () => {
      const answer = () => {
        throw new Error('forbidden')
      }
      const present: Component = ({ hooks, value, name }) => {
        const { me, update } = hooks.usePresence(name, { typing: false })
        return { show: () => value(me), update }
      }
      const { page, pass, step, errors } = started([present, present], { name: room, answer })
      await pass(100)
      expect([page.shown(), errors.map((error) => asFields(error).code)]).toEqual([
        [undefined, undefined],
        ['forbidden'],
      ])
      await step(async () => void page.action('update')({ typing: true }))
      await pass(100)
      expect([page.shown(), errors.length]).toEqual([[undefined, undefined], 2])
    })

    it('send another meta that a component is given', async () => {
      const present: Component = ({ hooks, value, name }) => {
        const given = typeof name === 'function' ? () => meta(name()) : meta(name)
        const { me, update } = hooks.usePresence(room, given)
        return { show: () => value(me), update }
      }
      const meta = (name: unknown) => (name === undefined ? undefined : { at: name })
      const { page, pass, step, sent } = started([present], { name: 'a', answer: () => 'ok' })
      await pass(10)
      await step(async () => page.rename('b'))
      await pass(2_000)
      const metas = sent('presence:update').map((payload) => asFields(payload).meta)
      expect([page.shown(), metas]).toEqual([[{ at: 'b' }], [{ at: 'b' }]])
      await step(async () => void page.action('update')({ at: 'c' }))
      await pass(2_000)
      expect(page.shown()).toEqual([{ at: 'c' }])
      await step(async () => page.rename(undefined))
      await pass(2_000)
      expect([page.shown(), sent('presence:leave').length]).toEqual([[undefined], 1])
    })

    it('stay at rest with a nested meta that each render makes anew', async () => {
      let renders = 0
      const present: Component = ({ hooks, value }) => {
        renders++
        // Beyond the limit the meta stays the same, so that a failure ends.
        const { me } = hooks.usePresence(room, renders > 200 ? last : meta())
        return { show: () => value(me) }
      }
      const meta = () => ({ cursor: { x: 1, y: [2] }, since: new Date(0) })
      const last = meta()
      const { page, pass, sent } = started([present], { answer: () => 'ok' })
      await pass(5_000)
      expect(page.shown()).toEqual([meta()])
      expect([renders < 10, sent('presence:update')]).toEqual([true, []])
    })

    it('render a few times a second with a meta that is another in each render', async () => {
      let renders = 0
      const present: Component = ({ hooks, value }) => {
        const meta = { renders: Math.min(++renders, 200) }
        const { me } = hooks.usePresence(room, meta)
        return { show: () => value(me) !== undefined }
      }
      const { page, pass } = started([present], { answer: () => 'ok' })
      for (let passed = 0; passed < 1_000; passed += 50) await pass(50)
      expect([page.shown(), renders < 30]).toEqual([[true], true])
    })

    it('report a name that the contract does not list, and go on', async () => {
      const parts = {
        channels: { 'entity:Task': { note: unchecked<string>() } },
        presence: { 'workspace/{name}': unchecked<number>() },
      }
      const all: Component = ({ hooks, value, name }) => {
        const { rows, status, error } = hooks.useList(name, { load: async () => ({ state: [ok] }) })
        hooks.useChannel(name, () => {})
        hooks.useEvent(name)
        const { me } = hooks.usePresence('zimmer/1', 1)
        const count = () => (value(rows) as readonly Task[]).length
        return { show: () => [count(), value(status), asFields(value(error)).code, value(me)] }
      }
      const { page, pass, step, errors } = started([all], {
        ...{ name: 'entity:Tusk', contract: contract(parts), answer: () => 'ok' },
      })
      await pass(10)
      expect(page.shown()).toEqual([[0, 'refused', 'bad-channel', undefined]])
      // StrictMode runs each effect twice.
      expect(errors.length).toBeGreaterThanOrEqual(4)
      expect(errors.every((error) => asFields(error).code === 'bad-channel')).toBe(true)
      await step(async () => page.rename('entity:Task'))
      await pass(1_000)
      expect(page.shown()).toEqual([[1, 'live', undefined, undefined]])
    })

    it("fold a channel's events into the registry once, and show its entities", async () => {
      type Order = { kind: 'Order'; id: string; status: string }
      const contexts = new ContextRegistry<Order>().reduce('Order', {
        key: ({ id }) => id,
        initial: 0,
        apply: (count) => count + 1,
      })
      const order: Component = ({ hooks, value, name }) => {
        hooks.useChannel('shop:42')
        const count = hooks.useEntity('Order', name)
        return { show: () => value(count) }
      }
      const { page, pass, server, step } = started([order, order], {
        name: '17',
        options: { contexts },
      })
      await pass(10)
      server.publish('shop:42', 'order', { kind: 'Order', id: '17', status: 'paid' })
      await pass(1)
      expect(page.shown()).toEqual([1, 1])
      await step(async () => page.rename('18'))
      expect(page.shown()).toEqual([undefined, undefined])
      expect(server.count('subscribe')).toBe(1)
    })

    it('leave no subscription, timer or listener behind', async () => {
      const all: Component = ({ hooks, name }) => {
        hooks.useConnection()
        hooks.useChannel(name, () => {})
        hooks.useEvent(name)
        hooks.useRequest('task:get')
        hooks.useList(name, { load: async () => ({ state: [] }) })
        hooks.usePresence(room, 1)
        hooks.usePending()
        return { show: () => 'all' }
      }
      const { page, pass, server, client, clock, sockets } = started([all, all], {
        name: 'entity:Task',
        answer: () => 'ok',
      })
      await pass(1_000)
      expect([...server.subscribed].sort()).toEqual(['entity:Task', `presence:${room}`])
      expect(client.stats().handlers).toBeGreaterThan(0)
      page.unmount()
      await pass(1_000)
      expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
      client.close()
      await pass(1)
      expect([clock.timers, sockets()]).toEqual([0, 1])
    })
  })
}

const requester: Component = ({ hooks, value }) => {
  const { pending, error, reply, send } = hooks.useRequest('task:get')
  return { show: () => [value(pending), asFields(value(error)).code, value(reply)], send }
}

const api: NonNullable<RealtimeOptions['api']> = {
  create: (_, data, { request }) => request('task:create', data),
  update: (_, id, changes, { request }) => request('task:update', { id, ...asFields(changes) }),
  delete: (_, id, { request }) => request('task:delete', { id }),
}
