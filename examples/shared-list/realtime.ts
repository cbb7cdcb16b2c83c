import { randomUUID } from 'node:crypto'
import { refuse, sharedServer } from 'wirefold/server'
import type { Item } from './contract.ts'

/* The server of the list, as a setup module of Vite. */

const server = sharedServer('/ws', { authorize: (_, __, action) => action !== 'publish' })
/** The items, in the order of their creation. */
export const items: Item[] = [{ id: randomUUID(), title: 'Bread' }]

server.setUp(() => {
  server.handle('item:list', () => items)
  server.handle('item:create', async (payload, { publish }) => {
    const { title } = Object(payload)
    if (typeof title !== 'string') throw refuse('bad-title', 'The title has to be a text.')
    const item = { id: randomUUID(), title }
    items.push(item)
    await publish('entity:Item', 'entity:created', item)
    return item
  })
  return undefined
})
