import { createStore, sync } from 'wirefold'
import { REJECTING } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { note } from './notice.ts'
import { person } from './person.ts'

/** Whether the server rejects this person's next write. */
export const rejecting = createStore(false)

/** Follows what the server has in mind; every window of a person shows the same. */
export function followRejecting(): void {
  sync(channels, `user:${person}`, {
    load: async (signal) => ({
      state: await client.request<boolean>(REJECTING, undefined, { signal }),
    }),
    into: {
      reset: (reject) => rejecting.set(reject),
      fold: (events) => {
        for (const { type, payload } of events) {
          if (type === REJECTING) rejecting.set(payload === true)
        }
      },
    },
  })
}

/** Has the server reject this person's next write, or not. */
export async function rejectNext(reject: boolean): Promise<void> {
  try {
    await client.request(REJECTING, reject)
  } catch (error) {
    note('The switch was not turned', error)
  }
}
