import { expect, it, vi } from 'vitest'
import type { Fields } from '../../src/protocol/fields.ts'
import { asFields } from '../../src/protocol/fields.ts'
import { until } from '../support/live.ts'
import { backend } from './backend.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/backends/graphql-ws.md'

/** Whether a payload begins a subscription. */
const isSubscription = (payload: unknown) => /^subscription/.test(String(asFields(payload).query))

/** Answers a message of a GraphQL client, with `data` for its operation. */
function answerTo({ type, id, payload }: Fields, data: unknown): readonly object[] {
  if (type === 'connection_init') return [{ type: 'connection_ack' }]
  if (type !== 'subscribe') return []
  const result = { id, type: 'next', payload: { data } }
  return isSubscription(payload) ? [result] : [result, { id, type: 'complete' }]
}

it('the page about GraphQL subscribes with variables, and requests', async () => {
  const order = { id: '17', status: 'paid' }
  const { host, paths, received } = await backend((message) =>
    message ? answerTo(message, { order }) : [],
  )
  const show = vi.fn()
  const given = { session: { token: () => 't' }, show }
  const made = await run(blockWith(PAGE, 'orderChanged:'), { host, given })
  expect(made).toMatchObject({ order })
  await until(() => expect(show).toHaveBeenCalledWith('order', { order }))
  expect(paths).toEqual(['/graphql'])
  expect(received[0]).toEqual({ type: 'connection_init', payload: { token: 't' } })
  const variables = received.flatMap(
    (message) => asFields(asFields(message).payload).variables ?? [],
  )
  expect(variables).toEqual([{ id: '17' }, { id: '17' }])
})

it('the page about GraphQL keeps a list in step', async () => {
  const [old, added] = [
    { id: '1', title: 'Write' },
    { id: '2', title: 'Read' },
  ]
  const { host, received, broadcast } = await backend((message) =>
    message && !isSubscription(message.payload) ? answerTo(message, { tasks: [old] }) : [],
  )
  const render = vi.fn()
  await run(blockWith(PAGE, 'bindList'), { host, given: { render } })
  await until(() => expect(render).toHaveBeenLastCalledWith([old]))
  const [id] = received
    .map(asFields)
    .flatMap(({ id, payload }) => (isSubscription(payload) ? id : []))
  broadcast({ id, type: 'next', payload: { data: { taskAdded: added } } })
  await until(() => expect(render).toHaveBeenLastCalledWith([old, added]))
})
