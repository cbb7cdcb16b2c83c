import { WebSocket } from 'mock-socket'
import { webSocketTransport } from 'wirefold'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overMockSocket } from './mock-peers.ts'

const excuses = {
  'its server gets one subprotocol': ['offers its protocols'],
  'its server accepts every connection': [
    'reports nothing while the far end says nothing',
    'is silent when closed 0 ms after open(), where the far end says nothing',
    'is silent when closed 10 ms after open(), where the far end says nothing',
  ],
  'it cannot break a connection': [
    'ends with 1006, once, when the connection is lost',
    'is silent when the connection is lost after its close()',
  ],
  'its server freezes as a whole': [
    'opens again after its own close(), beside a far end that froze',
  ],
}

holdToTheSuite(
  'the default transport on mock-socket',
  over(overMockSocket(webSocketTransport(WebSocket))),
  excuses,
)

holdToTheSuite(
  'reconnecting-websocket on mock-socket',
  over(overMockSocket(reconnectingWebSocket({ WebSocket }))),
  excuses,
)
