import type { Emitter } from '../base/emitter.ts'
import type { Writable } from '../base/store.ts'
import type { ServerClock } from '../connection/server-clock.ts'
import type { OutboxHost, RestoredMutation } from '../ports/outbox-storage.ts'
import type { ClientEvents } from './client-events.ts'
import type { ResolvedClientOptions } from './options.ts'

/** Returns the port through which a request storage uses the client. */
export function createOutboxHost({
  options,
  events,
  shown,
  serverClock,
  ...rest
}: OutboxHostDeps): OutboxHost {
  const { clock, environment, outbox } = options
  return {
    ...rest,
    serverTime: () => serverClock.present.server,
    clock,
    environment,
    limit: outbox.limit,
    restored(mutation) {
      const forget = (): void => shown.set(shown.get().filter((other) => other !== mutation))
      shown.set([...shown.get(), mutation])
      mutation.reply.then(forget, forget)
    },
    settled(outcome) {
      if (events.listens('settled')) events.emit('settled', outcome)
      else if (outcome.error) rest.report(outcome.error)
    },
  }
}

/** Dependencies of the host of stored requests. */
export interface OutboxHostDeps
  extends Pick<OutboxHost, 'elapsed' | 'send' | 'identified' | 'isOpen' | 'report'> {
  readonly options: ResolvedClientOptions
  readonly serverClock: ServerClock
  readonly events: Emitter<ClientEvents>
  /** The restored mutations that are not settled. */
  readonly shown: Writable<readonly RestoredMutation[]>
}
