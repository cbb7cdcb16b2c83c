import { createStore, sync } from 'wirefold'
import { REJECTING } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { note } from './notice.ts'
import { optimistic } from './optimistic.ts'
import { person } from './person.ts'

/** What the server has in mind. */
const confirmed = { state: createStore(false) }

/** Whether the server rejects this person's next write, as it is to be seen. */
export const rejecting = optimistic.view<boolean>(confirmed)

/** Follows what the server has in mind; every window of a person shows the same. */
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

/** Has the server reject this person's next write, or not. */
export async function rejectNext(reject: boolean): Promise<void> {
  try {
    await optimistic.mutate(reject, {
      on: confirmed,
      apply: (_: boolean, wanted: boolean) => wanted,
      request: (wanted, { ask }) => ask(REJECTING, wanted),
    })
  } catch (error) {
    note('The switch was not turned', error)
  }
}
