import { webSocketTransport } from '../../src/entries/index.ts'
import { reconnectingWebSocket } from '../../src/entries/reconnecting-websocket.ts'
import type { MakeTransport } from '../../src/entries/testing.ts'
import { transportSuite } from '../../src/entries/testing.ts'
import { overLoopback } from './real-peers.ts'

/*
 * A program for Node versions with their own WebSocket: runs the suite on the transports, and prints
 * the result of each case.
 */

/** Results by case: null, or the error. */
export type Outcomes = Record<string, string | null>

async function runSuite(make: MakeTransport): Promise<Outcomes> {
  const outcomes: Outcomes = {}
  for (const { name, run } of transportSuite) {
    outcomes[name] = await run(make).then(() => null, String)
  }
  return outcomes
}

const [standard, reconnecting] = await Promise.all([
  runSuite(overLoopback(webSocketTransport())),
  runSuite(overLoopback(reconnectingWebSocket())),
])
console.log(JSON.stringify({ standard, reconnecting }))
