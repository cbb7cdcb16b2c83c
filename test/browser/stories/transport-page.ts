import { ChannelSubscriber, RealtimeClient } from '../../../src/entries/index.ts'
import {
  eventSourceTransport,
  longPollingTransport,
  sseTransport,
} from '../../../src/entries/transports.ts'
import { calls } from '../../support/calls.ts'

/* The page of the transport stories: a client at the path of a transport, which the query names. */

const transports = {
  sse: sseTransport,
  source: eventSourceTransport,
  poll: longPollingTransport,
}
const name = (new URLSearchParams(location.search).get('transport') ??
  '') as keyof typeof transports
const client = new RealtimeClient(`/${name}`, {
  dialect: calls,
  transport: transports[name]({ idParameter: 'connection', postUrl: '/post' }),
  auth: () => 'secret',
  backoff: { minMs: 50, initialMs: 100, maxMs: 500 },
})
const received: unknown[] = []
const channels = new ChannelSubscriber(client)

/** The functions of the page. */
export interface TransportPage {
  connect(): Promise<void>
  close(): void
  state(): string
  received(): readonly unknown[]
  request(body: unknown): Promise<unknown>
}

const page: TransportPage = {
  async connect() {
    channels.subscribe('lobby', (body) => received.push(body))
    await client.connect()
  },
  close: () => client.close(),
  state: () => client.state.get().name,
  received: () => received,
  request: (body) => client.request('echo', body),
}
Object.assign(globalThis, { page })
