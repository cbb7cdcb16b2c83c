import type { EntityApi } from 'wirefold'

/** Changes entities by requests called `create`, `update` and `delete`, behind a prefix. */
export const askingApi = (prefix = ''): EntityApi => ({
  create: (_, data, { ask }) => ask(`${prefix}create`, data),
  update: (_, id, changes, { ask }) => ask(`${prefix}update`, { ...Object(changes), id }),
  delete: (_, id, { ask }) => ask(`${prefix}delete`, { id }),
})
