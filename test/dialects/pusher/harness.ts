import { pusher, withDecryption } from 'wirefold/dialects/pusher'
import type { DialectHarness } from 'wirefold/testing'
import { asFields, type Fields } from '../../../src/protocol/fields.ts'
import { recorded } from './recorded.ts'

const messages = recorded().flatMap(({ dir, message }) => (dir === 's2c' ? [message] : []))
/** What soketi does not send, by the protocol's documentation. */
const others = [
  { event: 'pusher:ping', data: {} },
  { event: 'pusher:cache_miss', channel: 'cache-news' },
  {
    event: 'pusher_internal:subscription_count',
    channel: 'news',
    data: '{"subscription_count":2}',
  },
  {
    event: 'pusher:subscription_error',
    channel: 'private-secret',
    data: { type: 'AuthError', error: 'The connection is unauthorized.', status: 401 },
  },
  { event: 'pusher:error', data: { code: null, message: 'Invalid signature' } },
  { event: 'pusher:error', data: { code: 4301, message: 'Rate limit' } },
  {
    event: 'said',
    channel: 'private-encrypted-room',
    data: '{"nonce":"bm9uY2U=","ciphertext":"Ym94"}',
  },
]

const sound: DialectHarness = {
  dialect: pusher,
  messages: [...messages, ...others],
  answer({ event, data }: Fields) {
    if (event === 'pusher:ping') return { event: 'pusher:pong', data: {} }
    const { channel } = asFields(data)
    return { event: 'pusher_internal:subscription_succeeded', channel, data: '{}' }
  },
}

/** The dialect of Pusher with recorded messages, and the same with a decryption. */
export const harnesses: Readonly<Record<string, DialectHarness>> = {
  pusher: sound,
  'pusher, decrypting': {
    ...sound,
    dialect: withDecryption(pusher, (_, { ciphertext }) => atob(String(ciphertext))),
  },
}
