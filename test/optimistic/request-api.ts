import type { EntityApi } from 'wirefold'

/** Changes entities with requests named `create`, `update` and `delete`, after a prefix. */
export const requestApi = (prefix = ''): EntityApi => ({
  create: (_, data, { ask }) => ask(`${prefix}create`, data),
  update: (_, id, changes, { ask }) => ask(`${prefix}update`, { ...Object(changes), id }),
  delete: (_, id, { ask }) => ask(`${prefix}delete`, { id }),
})
