import { sseTransport } from 'wirefold/transports'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overEventStream } from './http-peers.ts'

const transport = sseTransport({
  idParameter: 'connection',
  read: ({ data }) => JSON.parse(data),
})
const denied = { code: 4401, reason: 'HTTP 401' }
const closed = { code: 4200, reason: 'the server ended the stream' }

holdToTheSuite('server-sent events', over(overEventStream(transport, denied, closed)), {
  'HTTP has no subprotocols': ['offers its protocols'],
  'an event is text': ['delivers binary messages as an ArrayBuffer, byte for byte'],
  'HTTP has no close codes': ['sends the far end the code and reason of its own close()'],
})
