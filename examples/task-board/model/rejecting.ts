import { createStore, sync } from 'wirefold'
import { REJECTING } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { note } from './notice.ts'
import { optimistic } from './optimistic.ts'
import { person } from './person.ts'

/** The state on the server. */
const confirmed = { state: createStore(false) }

/** Whether the server rejects this person's next write, including a pending change. */
export const rejecting = optimistic.view<boolean>(confirmed)

/** Follows the state on the server, which is the same in every window of a person. */
export function followRejecting(): void {
  sync(channels, `user:${person}`, {
    load: async (signal) => ({
      state: await client.request<boolean>(REJECTING, undefined, { signal }),
    }),
    into: {
      reset: (reject) => confirmed.state.set(reject),
      fold: (events) => {
        for (const { type, payload } of events) {
          if (type === REJECTING) confirmed.state.set(payload === true)
        }
      },
    },
  }).start()
}

/** Makes the server reject this person's next write, or not. */
export async function rejectNext(reject: boolean): Promise<void> {
  try {
    await optimistic.mutate(reject, {
      on: confirmed,
      apply: (_: boolean, wanted: boolean) => wanted,
      request: (wanted, { request }) => request(REJECTING, wanted),
    })
  } catch (error) {
    note('The switch was not changed', error)
  }
}
