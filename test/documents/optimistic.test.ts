import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { RealtimeClient } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import { refuse } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/optimistic-and-offline.md'

/** Gives the blocks an IndexedDB of their own, until the end of the test. */
function withDatabase() {
  vi.stubGlobal('indexedDB', new IDBFactory())
  onTestFinished(() => void vi.unstubAllGlobals())
}

describe('the guide to optimistic changes', () => {
  it('shows a task before the server has it, and takes back one that is refused', async () => {
    withDatabase()
    const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
    server.handle('task:list', () => [{ id: '1', title: 'Write' }])
    server.handle('task:create', async (task, { publish }) => {
      if (Object(task).title === '') throw refuse('no-title', 'A task has a title.')
      const row = { id: '2', ...Object(task) }
      await publish('entity:Task', 'entity:created', row)
      return row
    })
    const render = vi.fn()
    const show = vi.fn()
    const { add } = await run<{ add(title: string): Promise<void> }>(
      blockWith(PAGE, 'async function add'),
      { host: new URL(url).host, given: { render, show } },
    )
    const first = { id: '1', title: 'Write' }
    await until(() => expect(render).toHaveBeenLastCalledWith([first]))
    const added = add('Read')
    const pending = { id: expect.stringMatching(/^temp_/), title: 'Read', _optimistic: true }
    expect(render).toHaveBeenLastCalledWith([first, pending])
    await added
    expect(show).toHaveBeenLastCalledWith('added', '2')
    await until(() => {
      expect(render).toHaveBeenLastCalledWith([first, { id: '2', title: 'Read' }])
    })
    await add('')
    expect(show).toHaveBeenLastCalledWith('refused', expect.objectContaining({ code: 'no-title' }))
    expect(render).toHaveBeenLastCalledWith([first, { id: '2', title: 'Read' }])
  })

  it('reports what became of the requests of a page that is gone', async () => {
    withDatabase()
    const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
    server.handle('save', () => {
      throw refuse('conflict', 'Another version was saved.')
    })
    const { indexedDbStorage } = await import('wirefold/indexeddb')
    const gone = connect('ws://127.0.0.1:9/ws', { outbox: { storage: indexedDbStorage() } })
    const saved = gone.client.request('save')
    await until(() => expect(gone.client.state.get().name).toBe('waiting'))
    gone.client.close()
    await expect(saved).rejects.toMatchObject({ code: 'closed' })
    const show = vi.fn()
    const { client } = await run<{ client: RealtimeClient }>(blockWith(PAGE, "show('not saved'"), {
      host: new URL(url).host,
      given: { show },
    })
    await client.connect()
    const text = expect.stringMatching(/^save: .*Another version was saved\.$/)
    await until(() => expect(show).toHaveBeenCalledWith('not saved', text))
  })

  it('shows votes by a function of the application', async () => {
    const { server, url } = await serve()
    let votes = 4
    server.handle('poll:get', () => ({ id: '1', votes }))
    server.handle('poll:vote', async (payload, { publish }) => {
      votes += Object(payload).more
      await publish('entity:Poll:1', 'entity:updated', { id: '1', votes })
    })
    const { client } = connect(url)
    const render = vi.fn()
    await run(blockWith(PAGE, 'optimistic.mutate('), {
      given: { client, channels: new ChannelSubscriber(client), render },
    })
    await until(() => expect(render).toHaveBeenLastCalledWith(5))
  })
})
