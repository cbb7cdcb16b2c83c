import type { DialectHarness } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { apiGateway, django, fastapi, plain } from './shapes.ts'

/** The declarations of the page about JSON backends, each with messages of such a backend. */
export const harnesses: Readonly<Record<string, DialectHarness>> = {
  'json, FastAPI': {
    dialect: fastapi,
    messages: [
      { type: 'welcome', user: 'ada' },
      { type: 'subscribed', channel: 'room:1', seq: 3, epoch: 'e', gap: false },
      { type: 'event', channel: 'room:1', event: 'said', data: 'hi', seq: 4, key: 'k' },
      { type: 'result', id: '1', data: 7 },
      { type: 'error', id: '1', code: 'NOT_FOUND', detail: 'No such task.' },
      { type: 'error', channel: 'room:1', code: 'FORBIDDEN', detail: 'Not yours.' },
      { type: 'pong' },
    ],
    answer: ({ type, id, channel }: Fields) =>
      type === 'subscribe' ? { type: 'subscribed', channel, seq: 0 } : { type: 'result', id },
  },
  'json, Django Channels': {
    dialect: django,
    messages: [
      { type: 'room.message', room: '1', message: 'hi' },
      { type: 'reply', ref: '1', data: 7 },
      { type: 'error', ref: '1', code: 'not_found', reason: 'No such task.' },
      { type: 'error', room: '1', reason: 'Not yours.' },
    ],
    answer: ({ ref }: Fields) => ({ type: 'reply', ref }),
  },
  'json, a server on ws': {
    dialect: plain,
    messages: [
      { hello: { user: 7 } },
      { op: 'ping', t: 1 },
      { room: 'lobby', event: 'said', data: 'hi' },
      { re: 1, data: 7 },
      { re: 2, error: 'full' },
    ],
    answer: ({ n }: Fields) => ({ re: n }),
  },
  'json, AWS API Gateway': {
    dialect: apiGateway,
    messages: [
      { message: 'Internal server error', connectionId: 'c', requestId: 'r' },
      { action: 'pong' },
      { topic: 'orders', kind: 'placed', body: { id: 1 } },
      { replyTo: '1', body: 7 },
    ],
    answer: ({ id }: Fields) => ({ replyTo: id }),
  },
}
