import { sse } from 'wirefold/dialects/sse'
import type { DialectHarness } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { recordedEvents } from './recorded.ts'

const answer = ({ id }: Fields) => ({ id, status: 200, resumed: true, body: '{}' })
const named = recordedEvents.filter(({ data }) => data !== '[DONE]')

/** The dialect in each of its forms, with the events that the official clients received. */
export const sseHarnesses: Readonly<Record<string, DialectHarness>> = {
  sse: {
    dialect: sse({ read: ({ type }) => ({ channel: type }) }),
    messages: named.map(({ stream: _, ...event }) => event),
    answer,
  },
  'sse, a stream for each channel': {
    dialect: sse({ stream: (channel, body) => ({ url: `/sub/${channel}`, body }), replays: true }),
    messages: [
      ...recordedEvents,
      { stream: 'exchange:0', end: 'lost', lastEventId: '3' },
      { id: 'r', status: 403, body: '{"error":"forbidden"}' },
    ],
    answer,
  },
  'sse, a stream that names its channels': {
    dialect: sse({
      sharedStream: (channels) => ({ url: `/hub?topic=${channels}` }),
      read: ({ type }) => ({ channel: type }),
      replays: true,
    }),
    messages: named.map((event) => ({ ...event, stream: '' })),
    answer,
  },
}
