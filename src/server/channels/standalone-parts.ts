import type { Refusal } from '../../base/errors.ts'
import { safely } from '../../base/report.ts'
import { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import { MemoryBroker } from '../broker/memory/memory-broker.ts'
import type { RealtimeServerOptions, ResolvedServerOptions } from '../options.ts'
import { resolveServerOptions } from '../options.ts'
import { Attendance } from '../presence/lease-keeper.ts'
import type { Receiver } from './channel-receiver.ts'
import { OngoingRequests } from './publish-context.ts'
import { BroadcastCap } from './publish-rate.ts'
import { Publisher } from './publisher.ts'

/** What a channel manager and the server around it have in common. */
export interface ChannelParts {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  /** Whether the broker was made here, and so is closed here. */
  readonly ownsBroker: boolean
  readonly publisher: Publisher
  readonly cap: BroadcastCap
  readonly access: Access
  /** The members that the connections here have. */
  readonly attendance: Attendance
  /** The requests that are being carried out: what they publish is their own. */
  readonly ongoing: OngoingRequests
  /** Hears what became of every subscribe; never throws. */
  readonly noted?: (
    receiver: Receiver,
    granted: readonly string[],
    refused: ReadonlyMap<string, Refusal>,
  ) => void
  /** Takes an error that has no better destination; never throws. */
  report(error: unknown): void
}

/** Makes the parts that options ask for. */
export function channelParts(given: RealtimeServerOptions): ChannelParts {
  const options = resolveServerOptions(given)
  const { clock, families, maxBroadcastsPerSecond, broadcastOverflow } = options
  const report = safely(options.onError)
  const broker = given.broker ?? new MemoryBroker({ clock })
  const access = new Access({ ...options, report })
  const cap = new BroadcastCap({
    clock,
    maxPerSecond: maxBroadcastsPerSecond,
    overflow: broadcastOverflow,
  })
  return {
    options,
    broker,
    ownsBroker: given.broker === undefined,
    publisher: new Publisher(broker, families, { access, cap }),
    cap,
    access,
    attendance: new Attendance({
      store: broker.presence,
      clock,
      timeoutMs: options.presence.timeoutMs,
      report,
    }),
    ongoing: new OngoingRequests(),
    report,
  }
}
