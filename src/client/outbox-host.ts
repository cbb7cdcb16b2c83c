import type { Emitter } from '../base/emitter.ts'
import type { OutboxHost } from '../ports/outbox-storage.ts'
import type { ClientEvents } from './client-events.ts'
import type { ResolvedClientOptions } from './options.ts'

/** What a host of stored requests is made of. */
export interface OutboxHostDeps
  extends Pick<OutboxHost, 'send' | 'identified' | 'isOpen' | 'report'> {
  readonly options: ResolvedClientOptions
  readonly events: Emitter<ClientEvents>
}

/** Makes the port through which a storage of requests sees the client. */
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
