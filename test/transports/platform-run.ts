import { webSocketTransport } from '../../src/entries/index.ts'
import { reconnectingWebSocket } from '../../src/entries/reconnecting-websocket.ts'
import type { MakeTransport } from '../../src/entries/testing.ts'
import { transportSuite } from '../../src/entries/testing.ts'
import { overLoopback } from './real-peers.ts'

/*
 * A program for a Node with a WebSocket of its own: holds the transports to the suite, and prints
 * what each case came to.
 */

/** What a case came to: nothing, or what was wrong. */
export type Outcomes = Record<string, string | null>

async function hold(make: MakeTransport): Promise<Outcomes> {
  const outcomes: Outcomes = {}
  for (const { name, run } of transportSuite) {
    outcomes[name] = await run(make).then(() => null, String)
  }
  return outcomes
}

const [standard, reconnecting] = await Promise.all([
  hold(overLoopback(webSocketTransport())),
  hold(overLoopback(reconnectingWebSocket())),
])
console.log(JSON.stringify({ standard, reconnecting }))
