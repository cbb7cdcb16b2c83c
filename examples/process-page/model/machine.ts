import { ContextRegistry, feed, systemClock } from 'wirefold'
import type { Figures } from '../shared.ts'
import { KEPT_FIGURES, MACHINE } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { heardAt } from './connection.ts'
import { keepNewest } from './keep-newest.ts'
import { whenLive } from './when-live.ts'

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

/** The machine's figures of the last minute, the newest last; `undefined` before the first. */
export const figures = contexts.entity('Figures')

/** Follows the machine the server runs on. */
export function followMachine(): void {
  const live = feed(channels, MACHINE, contexts)
  // One event a second: as good a sign of life as any.
  channels.subscribe(MACHINE, () => heardAt.set(systemClock.now()))
  whenLive(live, async () => {
    for (const past of await client.request<Figures[]>('machine:past')) contexts.dispatch(past)
  })
}
