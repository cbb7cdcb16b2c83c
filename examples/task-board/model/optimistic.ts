import type { EntityApi } from 'wirefold'
import { OptimisticManager } from 'wirefold'
import { channels } from './channels.ts'
import { client } from './client.ts'

const api: EntityApi = {
  create: (_, data, { request }) => request('task:create', data),
  update: (_, id, changes, { request }) => request('task:update', { ...Object(changes), id }),
  delete: (_, id, { request }) => request('task:delete', { id }),
}

/** Shows the changes of this window before the server has confirmed them. */
export const optimistic = new OptimisticManager({ client, channels, api })
