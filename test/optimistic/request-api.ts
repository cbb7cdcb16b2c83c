import type { EntityApi } from 'wirefold'

/** Changes entities with requests named `create`, `update` and `delete`, after a prefix. */
export const requestApi = (prefix = ''): EntityApi => ({
  create: (_, data, { request }) => request(`${prefix}create`, data),
  update: (_, id, changes, { request }) => request(`${prefix}update`, { ...Object(changes), id }),
  delete: (_, id, { request }) => request(`${prefix}delete`, { id }),
})
