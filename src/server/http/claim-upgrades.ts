import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Adds an `upgrade` listener to an HTTP server, and makes it the only one for the requests that it
 * claims.
 *
 * Node calls every `upgrade` listener for every request, and most listeners refuse what they do not
 * serve: a `WebSocketServer` with the option `server` answers other paths with 400. An emitter
 * cannot stop an event between two listeners, so this replaces `emit` of the server.
 *
 * @returns a function that removes the listener; safe to call twice
 */
export function claimUpgrades(server: HttpServer, { claim, upgrade }: UpgradeClaim): () => void {
  const { emit } = server
  let active = true
  const claiming = (event: string | symbol, ...args: unknown[]): boolean => {
    if (active && isUpgrade(event, args) && claim(...args)) return true
    return Reflect.apply(emit, server, [event, ...args])
  }
  server.emit = claiming
  // Without a listener Node takes an upgrade for a plain request, and does not emit the event.
  server.on('upgrade', upgrade)
  return () => {
    active = false
    server.off('upgrade', upgrade)
    // A later claim has kept `claiming`, which then only passes events on.
    if (server.emit === claiming) server.emit = emit
  }
}

/** An HTTP server: of `node:http`, of `node:https`, or of `node:http2` with `allowHTTP1`. */
export interface HttpServer {
  /** Adds a listener for upgrades. */
  on(
    event: 'upgrade',
    listener: (request: IncomingMessage, tcp: Duplex, head: Buffer) => void,
  ): unknown
  /** Removes a listener. */
  off(
    event: 'upgrade',
    listener: (request: IncomingMessage, tcp: Duplex, head: Buffer) => void,
  ): unknown
  /** Emits an event; the server replaces it to see every upgrade first. */
  emit(event: string | symbol, ...args: unknown[]): boolean
  /** Returns the number of listeners for upgrades. */
  listenerCount(event: 'upgrade'): number
}

/** The requests that a listener claims. */
export interface UpgradeClaim {
  /** Serves a request that is for this listener alone; returns false, and does nothing, for others. */
  readonly claim: (...args: UpgradeArguments) => boolean
  /** The listener of the other requests. */
  readonly upgrade: (...args: UpgradeArguments) => void
}

type UpgradeArguments = [request: IncomingMessage, tcp: Duplex, head: Buffer]

/** Whether an event is an upgrade; Node emits it with these arguments. */
function isUpgrade(event: string | symbol, _args: unknown[]): _args is UpgradeArguments {
  return event === 'upgrade'
}
