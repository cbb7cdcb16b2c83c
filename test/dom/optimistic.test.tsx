import { signal } from '@preact/signals-core'
import { act, cleanup, render } from '@testing-library/react'
import { derived, get as getOf, writable } from 'svelte/store'
import { afterEach, expect, it } from 'vitest'
import type { Readable } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { useReadable } from 'wirefold/react'
import { toSignal, valueSignals } from 'wirefold/signals'
import { svelteStores } from 'wirefold/svelte'
import { requestApi } from '../optimistic/request-api.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'

afterEach(cleanup)

interface Task {
  readonly id: string
  readonly title: string
}
type Rows = readonly (Task & { readonly _optimistic?: true })[]

const TASKS = 'entity:Task'
const text = (rows: Rows) =>
  rows.map(({ title, _optimistic }) => (_optimistic ? `(${title})` : title)).join(' ')

function Shown({ view }: { view: Readable<Rows> }) {
  return <p>{text(useReadable(view))}</p>
}

function Page({ view }: { view: Readable<Rows> }) {
  return (
    <>
      <h1>{text(useReadable(view))}</h1>
      <Shown view={view} />
      <Shown view={view} />
    </>
  )
}

it('a list with pending mutations is equal in every kind of store, after every frame', async () => {
  const { clock, server, client } = scripted({ answer: () => undefined })
  const channels = new ChannelSubscriber(client)
  const load = async (): Promise<{ state: readonly Task[] }> => ({
    state: [{ id: 'a', title: 'a' }],
  })
  const tasks = started(bindList(channels, TASKS, { load }))
  const inSvelte = started(bindList(channels, TASKS, { load, into: svelteStores(writable) }))
  const inPreact = started(bindList(channels, TASKS, { load, into: valueSignals(signal) }))
  const optimistic = new OptimisticManager({
    client,
    api: requestApi(),
  })
  const view = optimistic.view(tasks)
  const preact = toSignal(view, valueSignals(signal))
  const svelte = derived(view, (rows: Rows) => text(rows))
  const fromSvelte: string[] = []
  svelte.subscribe((shown) => fromSvelte.push(shown))

  const page = render(<Page view={view} />)
  const read = (selector: string, at = 0) =>
    page.container.querySelectorAll(selector)[at]?.textContent

  async function after(expected: string, step: () => unknown) {
    await act(async () => {
      step()
      await clock.advance(1)
    })
    const everywhere = [
      text(view.get()),
      text(preact.signal.value),
      getOf(svelte),
      fromSvelte.at(-1),
    ]
    const onPage = [read('h1'), read('p'), read('p', 1)]
    expect([...everywhere, ...onPage]).toEqual(Array(7).fill(expected))
    expect(getOf(inSvelte.store)).toEqual(tasks.state.get())
    expect(inPreact.store.value).toEqual(tasks.state.get())
  }
  const event = (type: string, payload: unknown, id?: unknown) =>
    server.send({ type: `entity:${type}`, channel: TASKS, payload, id })
  const reply = (about: { requestId?: unknown }, payload: unknown) =>
    server.send({ type: 'reply', requestId: about.requestId, payload })

  await after('a', () => {})
  const refused: { error?: unknown }[] = []
  await after('a (b)', () => optimistic.create<Task>('Task', { title: 'b' }, tasks))
  const creation = server.messages.at(-1) ?? {}
  await after('(A) (b)', () => {
    refused.push(outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'A' }, tasks)))
  })
  const change = server.messages.at(-1) ?? {}
  await after('(A) b', () => event('created', { id: 'b', title: 'b' }, creation.id))
  await after('(A) b', () => event('updated', { id: 'a', title: 'theirs' }))
  await after('(A) b', () => reply(creation, { id: 'b', title: 'b' }))
  await after('theirs b', () =>
    server.send({ type: 'error', requestId: change.requestId, payload: { code: 'no' } }),
  )
  await after('theirs', () => optimistic.delete('Task', 'b', tasks))
  await after('theirs', () => event('deleted', { id: 'b' }))
  expect(refused).toMatchObject([{ error: { code: 'no' } }])
})
