import type { Access } from './access.ts'
import type { Attendance } from './attendance.ts'
import type { Broker } from './broker.ts'
import type { ChannelTable } from './channel-table.ts'
import type { Handlers } from './handlers.ts'
import type { ResolvedServerOptions } from './options.ts'
import type { Publisher } from './publisher.ts'

/** What a server is made of, as its mounts and their connections see it. */
export interface ServerCore {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  readonly channels: ChannelTable
  readonly publisher: Publisher
  readonly access: Access
  readonly attendance: Attendance
  readonly handlers: Handlers
  /** Takes an error that has no better destination; never throws. */
  report(error: unknown): void
}
