import { ContextRegistry, sync, systemClock } from 'wirefold'
import type { Figures } from '../shared.ts'
import { KEPT_FIGURES, MACHINE } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { noteError, receivedAt } from './connection.ts'
import { keepNewest } from './keep-newest.ts'

const contexts = new ContextRegistry<Figures>({
  dedupe: true,
  idOf: ({ at }) => String(at),
  notify: 'frame',
})
  .reduce('Figures', {
    initial: [] as readonly Figures[],
    apply: (all, figures) => keepNewest(all, figures, KEPT_FIGURES),
  })
  .complete()

/**
 * The machine's figures of the last minute, the newest last; `undefined` before the first event.
 */
export const figures = contexts.entity('Figures')

/** Follows the figures of the server's machine. */
export function followMachine(): void {
  sync(channels, MACHINE, {
    load: async (signal) => ({
      state: await client.request<Figures[]>('machine:past', undefined, { signal }),
    }),
    into: {
      reset: (past) => {
        for (const one of past) contexts.dispatch(one)
      },
      fold: (events) => contexts.fold(events),
    },
    onError: noteError,
  }).start()
  // One event per second, which shows that the connection works.
  channels.subscribe(MACHINE, () => receivedAt.set(systemClock.now()))
}
