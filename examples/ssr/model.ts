import { bindList, ChannelSubscriber, createStore } from 'wirefold'
import { client, load } from '../shared-list/client.ts'
import type { Item } from '../shared-list/contract.ts'

/* One client and subscriber, which a server that renders shares between its requests. */

const channels = new ChannelSubscriber(client)

/** The state of the connection, as a store. */
export const connection = client.state

/** Makes the list of a page, which begins with rows; it connects once the list is followed. */
export const listOf = (rows: readonly Item[]) =>
  bindList(channels, 'entity:Item', { load, into: createStore(rows) })
