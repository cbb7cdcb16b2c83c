import { WirefoldError } from '../../base/errors.ts'
import type { Position } from '../../protocol/frame.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { Access } from '../access/access.ts'
import { VERDICT_MS } from '../access/access.ts'
import type { User } from '../access/hooks.ts'
import { refusalFromError } from '../access/refusals.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { ChannelReceiver, SnapshotRequest } from '../channels/channel-receiver.ts'

/**
 * Reads the state of a channel for a new subscriber; `undefined` if the channel has none. Every
 * subscribe asks for it, also that of a client that reconnects, except one to a family, `agent:*`,
 * which has no state. An error made by `refuse` refuses the subscribe; any other one is reported, and
 * refuses it with `internal`. So does a read that takes longer than 5 s.
 *
 * @param subscriber its user, and the beginning of the past that it may read by the answer of
 * `authorize`: leave out what is older
 */
export type ReadSnapshot = (
  channel: string,
  subscriber: { readonly user: User | null; readonly since: Date | Position | undefined },
) => ChannelState | undefined | Promise<ChannelState | undefined>

/** The state of a channel, sent as an event. */
export interface ChannelState {
  /** Type of the event that carries the state. */
  readonly type: string
  /** The state. */
  readonly payload: unknown
}

/** The result of a read that timed out. */
const LATE = Symbol('late')

/** Why a state is not sent. */
const NO_STATE = `it returned no state. Return undefined, or { type, payload }, where a type is ${NAME_RULE}`

/** Returns the texts with the state of a channel, unless `canReceive` denies them. */
export async function snapshotTexts(
  deps: {
    readonly read: ReadSnapshot
    readonly channels: ChannelManager
    readonly requests: { readonly access: Pick<Access, 'deadlines'> }
  },
  { dialect, user }: ChannelReceiver,
  channel: string,
  { requestId: to, since }: SnapshotRequest,
  timestamp: number,
): Promise<readonly string[]> {
  if (channel.endsWith(':*')) return []
  const { deadlines } = deps.requests.access
  const reading = readState(deps.read, channel, { user, since })
  const passed = (closed: boolean): typeof LATE | undefined => (closed ? undefined : LATE)
  const state = await deadlines.within(VERDICT_MS, reading, passed)
  if (state === LATE) throw failed(channel, `it took longer than ${VERDICT_MS} ms`)
  if (!state) return []
  const { type, payload } = state
  if (!isName(type)) throw failed(channel, NO_STATE)
  const event = { type, id: undefined, timestamp }
  if (!deps.channels.mayReceive({ user }, channel, { ...event, payload })) return []
  const json = JSON.stringify(payload)
  const place = { channel, offset: undefined, via: undefined }
  const encoder = dialect.events?.(channel, channel) ?? dialect
  const text = encoder.encodeEvent({ ...event, ...place, json, to })
  return text === undefined ? [] : [text]
}

/** Reads the state of a channel; rejects with a refusal of the application as it is. */
async function readState(
  read: ReadSnapshot,
  ...[channel, subscriber]: Parameters<ReadSnapshot>
): Promise<ChannelState | undefined> {
  try {
    return await read(channel, subscriber)
  } catch (cause) {
    throw refusalFromError(cause) ? cause : failed(channel, 'it threw; see the cause', cause)
  }
}

function failed(channel: string, reason: string, cause?: unknown): WirefoldError {
  const message = `The hook snapshot failed for ${channel}: ${reason}.`
  return new WirefoldError('handler-failed', message, { where: 'snapshot' }, { cause })
}
