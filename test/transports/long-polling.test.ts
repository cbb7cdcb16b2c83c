import { longPollingTransport } from 'wirefold/transports'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overPolls } from './poll-peers.ts'

const denied = { code: 4401, reason: 'HTTP 401' }
const closed = { code: 4410, reason: 'HTTP 410' }

holdToTheSuite('long polling', over(overPolls(longPollingTransport(), denied, closed)), {
  'HTTP has no subprotocols': ['offers its protocols'],
  'a poll is answered with JSON': ['delivers binary messages as an ArrayBuffer, byte for byte'],
  'HTTP has no close codes': ['sends the far end the code and reason of its own close()'],
})
