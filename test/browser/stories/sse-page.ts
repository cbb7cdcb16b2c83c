import { sse } from '../../../src/entries/dialects/sse.ts'
import { ChannelSubscriber, RealtimeClient } from '../../../src/entries/index.ts'
import {
  eventSourceTransport,
  sseStreamsTransport,
  sseTransport,
} from '../../../src/entries/transports.ts'

/* The page of the stories of server-sent events: a client over the transport that the query names. */

const name = new URLSearchParams(location.search).get('transport')
const request = ({ type, payload }: { type: string; payload: unknown }) => ({
  ...{ url: `/api/${type}`, body: payload },
})
const client = new RealtimeClient('/events', {
  dialect: sse({
    request,
    stream: name === 'streams' ? (channel) => ({ url: `/sub/${channel}` }) : undefined,
    replays: name !== 'source',
  }),
  transport:
    name === 'streams'
      ? sseStreamsTransport()
      : name === 'shared'
        ? sseTransport({ messages: 'http' })
        : eventSourceTransport({ messages: 'http', events: ['said'] }),
  auth: () => 't-ana',
  backoff: { minMs: 50, initialMs: 100, maxMs: 500 },
})
const channels = new ChannelSubscriber(client)
const received: unknown[] = []
const statuses: string[] = []

/** The functions of the page. */
export interface SsePage {
  follow(channel: string): Promise<void>
  received(): readonly unknown[]
  statuses(): readonly string[]
  request(type: string, payload: unknown): Promise<unknown>
  close(): void
}

const page: SsePage = {
  follow(channel) {
    const { ready, status } = channels.subscribe(channel, ({ text }: { text: unknown }) =>
      received.push(text),
    )
    status.subscribe((one) => statuses.push(`${channel} ${one.name}`))
    return ready
  },
  received: () => received,
  statuses: () => statuses,
  request: (type, payload) => client.request(type, payload),
  close: () => client.close(),
}
Object.assign(globalThis, { page })
