import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import { ConnectionPresence } from '../presence/connection-presence.ts'
import type { Socket } from '../socket/socket.ts'
import type { DialectSessionDeps } from './dialect-session-deps.ts'
import type { FrameWriter } from './frame-writer.ts'
import { SilenceWatch } from './liveness.ts'

/** Creates the presence of a session, whose peer is watched for silence while it has members. */
export function sessionPresence(
  { presence, silence, clock, channels }: DialectSessionDeps,
  session: PresentSession,
  socket: Socket,
  writer: FrameWriter,
): ConnectionPresence {
  const watch = new SilenceWatch(silence, clock, {
    seenAt: () => session.seenAt,
    ping: () => socket.ping?.(),
    silent: () => session.silent(),
  })
  return new ConnectionPresence(presence, {
    id: session.id,
    closed: () => session.gone,
    say: (frame) => writer.say(frame),
    lastSeen: () => watch.lastSeen,
    subscribeRefusal: (channel) => channels.refusalOf(session, channel),
    watch: (wanted) => (wanted ? watch.start() : watch.stop()),
  })
}

/** A session that has presence. */
export interface PresentSession extends ChannelReceiver {
  readonly id: string
  /** Whether the connection is closed. */
  readonly gone: boolean
  /** The time of the peer's last sign of life, on the monotonic clock. */
  readonly seenAt: number
  /** Called when the peer gave no sign of life for too long. */
  silent(): void
}
