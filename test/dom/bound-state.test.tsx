import { act, cleanup, render } from '@testing-library/react'
import { StrictMode, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BoundList, BoundRecord, ConnectionState, PresenceUser, Readable } from 'wirefold'
import {
  bindList,
  bindRecord,
  ChannelSubscriber,
  createStore,
  OptimisticManager,
  PresenceManager,
  RealtimeClient,
  sync,
} from 'wirefold'
import { useOwned, useReadable } from 'wirefold/react'
import { ManualClock, ScriptedServer } from 'wirefold/testing'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS: readonly Task[] = [{ id: 'a', title: 'write' }]

interface Model {
  readonly client: RealtimeClient
  readonly tasks: BoundList<Task>
  readonly task: BoundRecord<Task>
  readonly view: Readable<readonly Task[]>
  readonly people: Readable<readonly PresenceUser[]>
  readonly state: Readable<ConnectionState>
}

/** A server, and a function that creates the objects of an application. */
function backend() {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock })
  const make = (): Model => {
    const client = new RealtimeClient('ws://test/', { clock, transport: server.transport })
    const channels = new ChannelSubscriber(client)
    const load = async () => ({ state: TASKS })
    const tasks = bindList(channels, 'entity:Task', { load })
    const task = bindRecord(channels, 'entity:Task:a', {
      load: async () => ({ state: TASKS[0] }),
    })
    sync(channels, 'elsewhere', { load, into: { reset() {}, fold() {} } })
    const view = new OptimisticManager({ client, channels }).view(tasks)
    const people = new PresenceManager(channels).of('workspace/tasks')
    return { client, tasks, task, view, people, state: client.state }
  }
  return { clock, server, make }
}

function Shown({ tasks, task, view, people, state }: Model) {
  const titles = useReadable(view, (rows) => rows.map(({ title }) => title))
  const shown = [
    ...[useReadable(state).name, useReadable(tasks.status).name],
    ...[useReadable(tasks.state).length, useReadable(task.state)?.title],
    ...[titles.join(), useReadable(people).length],
  ]
  return <p>{shown.join(' ')}</p>
}

function Rows({ rows }: { rows: Readable<readonly Task[]> }) {
  return <p>{useReadable(rows, (all) => all.map(({ title }) => title).join())}</p>
}

/** The simplest code: the model is created during a render. */
function ByState({ make }: { make: () => Model }) {
  const [model] = useState(make)
  return <Shown {...model} />
}

function Owned({ make }: { make: () => Model }) {
  return <Shown {...useOwned(make, ({ client }) => client.close())} />
}

describe('lists and records in a React application', () => {
  it.each([
    ['useState', ByState],
    ['useOwned', Owned],
  ])('open one connection under StrictMode, with %s, and fetch once', async (_, App) => {
    const { clock, server, make } = backend()
    const page = render(
      <StrictMode>
        <App make={make} />
      </StrictMode>,
    )
    expect(page.container.textContent).toBe('connecting idle 0   0')
    await act(() => clock.advance(1_000))
    expect(page.container.textContent).toBe('open live 1 write write 0')
    expect(server.transport.ends).toHaveLength(1)
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
    page.unmount()
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('open no connection while a server renders', async () => {
    const { clock, server, make } = backend()
    expect(renderToString(<ByState make={make} />)).toBe('<p>idle idle 0   0</p>')
    await clock.advance(60_000)
    expect(server.transport.ends).toHaveLength(0)
  })

  it('match the rendered HTML of the server, even if they were connected before', async () => {
    const print = vi.spyOn(console, 'error')
    const container = document.createElement('div')
    container.innerHTML = renderToString(<ByState make={backend().make} />)
    const rendered = container.firstChild
    const { clock, make } = backend()
    const model = make()
    model.tasks.start()
    model.task.start()
    await clock.advance(1_000)
    expect(model.view.get()).toEqual(TASKS)
    const mismatches: unknown[] = []
    const root = await act(async () =>
      hydrateRoot(container, <Shown {...model} />, {
        onRecoverableError: (error) => mismatches.push(error),
      }),
    )
    expect([...mismatches, ...print.mock.calls]).toEqual([])
    expect(container.firstChild).toBe(rendered)
    expect(container.textContent).toBe('open live 1 write write 0')
    act(() => root.unmount())
    model.client.close()
  })

  it('show the state fetched by the server if their store is created with it', async () => {
    const server = backend()
    const onServer = server.make()
    void onServer.tasks.ready
    await server.clock.advance(1_000)
    // A server has no document.
    vi.stubGlobal('document', undefined)
    Reflect.deleteProperty(globalThis, 'document')
    const html = renderToString(<Rows rows={onServer.tasks.state} />)
    vi.unstubAllGlobals()
    expect(html).toBe('<p>write</p>')
    const into = createStore(TASKS)
    const load = async () => ({ state: TASKS })
    const client = new RealtimeClient('ws://test/', { clock: server.clock })
    const list = bindList(new ChannelSubscriber(client), 'x', { load, into })
    expect(renderToString(<Rows rows={list.state} />)).toBe(html)
  })
})
