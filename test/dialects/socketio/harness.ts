import { socketio } from 'wirefold/dialects/socketio'
import type { DialectHarness } from 'wirefold/testing'
import { messagesFrom, packetsOf } from './recorded.ts'

const messages = [2, 4].flatMap((conn) => messagesFrom(packetsOf(conn, 's2c')))
const answer = (wire: unknown): unknown => {
  const [head]: readonly unknown[] = Array.isArray(wire) ? wire : []
  const [, , , ack]: readonly unknown[] = Array.isArray(head) ? head : []
  return [Number(ack), { ok: true }]
}

/** The generic dialect of Socket.IO, with the messages of a stock server. */
export const socketioHarnesses: Readonly<Record<string, DialectHarness>> = {
  socketio: {
    dialect: socketio({ join: 'join', leave: 'leave', room: 0 }),
    messages,
    answer,
  },
  'socketio without rooms': { dialect: socketio(), messages, answer },
  'socketio, joins confirmed by events': {
    dialect: socketio({
      join: 'join',
      room: 0,
      confirms: { joined: 'joined', refused: 'refused' },
    }),
    messages: [...messages, ['joined', 'room:1'], ['refused', 'room:1', 'no']],
    answer(wire) {
      const [, event, room]: readonly unknown[] = Array.isArray(wire) ? wire : []
      return event === 'join' ? ['joined', room] : answer(wire)
    },
  },
}
