import { type EntityApi, RealtimeClient } from 'wirefold'
import { list } from './contract.ts'

/* All that the pages know of sockets; their views have none. */

export const client = new RealtimeClient('/ws', { contract: list })

/** Fetches the items, at first and after a gap. */
export const load = async () => ({ state: await client.request('item:list') })

/** Carries out the changes of a list. */
export const api: EntityApi = {
  create: (_, item, { request }) => request('item:create', item),
  update: () => Promise.reject(new Error('Items do not change.')),
  delete: () => Promise.reject(new Error('Items are not deleted.')),
}
