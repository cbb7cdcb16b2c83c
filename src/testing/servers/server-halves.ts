import { WirefoldError } from '../../base/errors.ts'
import { processChannel } from '../../dialects/duui/envelope.ts'
import { duuiServer } from '../../dialects/duui/server.ts'
import { entityServer } from '../../dialects/entity/server.ts'
import { nativeServer } from '../../dialects/native/server.ts'
import { sessionEvents, socketioServer } from '../../dialects/socketio/server.ts'
import { clientsOf } from '../../dialects/streams/dialect.ts'
import { streamsServer, withIds, withoutIds } from '../../dialects/streams/server.ts'
import { topicsServer } from '../../dialects/topics/server.ts'
import type { HelloCommand, SubscribeCommand } from '../../protocol/command.ts'
import { asString } from '../../protocol/fields.ts'
import type { EventEncoder, ServerDialect } from '../../protocol/server-dialect.ts'

/** Makes the server half of a dialect for one connection, of which it reads the address. */
export type MakeServerDialect = (url: string) => ServerDialect

/**
 * The server halves of the dialects that have one, for a `ScriptedServer`: one connection each.
 *
 * Where the clients of a dialect send no hello, or subscribe by their address, the half makes these
 * commands of the address: `duui` of `/processes/<id>`, `topics` of `initial_topics`, `streams` of
 * `clients`. `socketio` serves sessions.
 *
 * @example
 * import { ScriptedServer, serverHalves } from 'wirefold/testing'
 *
 * const server = new ScriptedServer({ dialect: serverHalves.entity })
 */
export const serverHalves = {
  native: () => nativeServer,
  entity: () => ({ ...entityServer, first: [HELLO] }),
  topics(url) {
    const lists = new URL(url).searchParams.getAll('initial_topics')
    const half = topicsServer([...new Set(lists.flatMap((list) => list.split(',')))])
    return { ...half, first: [HELLO, ...(half.first ?? [])] }
  },
  streams(url) {
    const half = streamsServer()
    for (const { stream, strategy } of clientsOf(url)) {
      half.encoders.set(asString(stream) ?? '', strategy === 'streams' ? withIds : withoutIds)
    }
    return { ...half, first: [HELLO, subscribe([...half.encoders.keys()])] }
  },
  socketio: () => socketioServer('/', onlySessions),
  duui(url) {
    const [, id = ''] = /\/processes\/([^/?#]+)/.exec(url) ?? []
    return { ...duuiServer, first: [HELLO, subscribe([processChannel(decodeURIComponent(id))])] }
  },
} as const satisfies Readonly<Record<string, MakeServerDialect>>

/** The events of sessions; throws for those of other channels, such as rooms. */
const onlySessions: EventEncoder = {
  encodeEvent(event) {
    const text = sessionEvents('/').encodeEvent(event)
    if (text !== undefined) return text
    const what = `events of the channel ${event.channel}`
    const message = `serverHalves.socketio serves sessions only, and not ${what}. Play a server of rooms with a ScriptedPeer.`
    throw new WirefoldError('unsupported', message, { dialect: 'socketio', what })
  },
}

const HELLO: HelloCommand = {
  kind: 'hello',
  protocol: 1,
  clientId: undefined,
  senderId: undefined,
  token: undefined,
  expectUser: undefined,
  parts: false,
}

function subscribe(channels: readonly string[]): SubscribeCommand {
  return { kind: 'subscribe', requestId: undefined, channels, since: new Map() }
}
