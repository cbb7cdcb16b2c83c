import type { Emitter } from '../base/emitter.ts'
import type { OutboxHost } from '../ports/outbox-storage.ts'
import type { ClientEvents } from './client-events.ts'
import type { ResolvedClientOptions } from './options.ts'

/** Returns the port through which a request storage uses the client. */
export function createOutboxHost({ options, events, ...rest }: OutboxHostDeps): OutboxHost {
  const { clock, environment, outbox } = options
  return {
    ...rest,
    clock,
    environment,
    limit: outbox.limit,
    settled(outcome) {
      if (events.listens('settled')) events.emit('settled', outcome)
      else if (outcome.error) rest.report(outcome.error)
    },
  }
}

/** Dependencies of the host of stored requests. */
export interface OutboxHostDeps
  extends Pick<OutboxHost, 'send' | 'identified' | 'isOpen' | 'report'> {
  readonly options: ResolvedClientOptions
  readonly events: Emitter<ClientEvents>
}
