import type { Clock } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { RealtimeServer } from 'wirefold/server'
import type { Way } from 'wirefold/testing'
import type { Weather } from './weather.ts'

/** A network between clients and one server, with simulated faults. */
export interface Network {
  readonly clock: Clock
  /** The address of the server for clients. */
  readonly url: string
  /** The transport of the clients. */
  readonly transport: TransportFactory
  /** The current delays and limits; changes apply to data sent from then on. */
  readonly weather: Weather
  /** Directs all new connections to a server. */
  serve(server: RealtimeServer): Promise<void>
  /** Stops a server with a closing handshake; call `reset()` before to kill it. */
  stop(server: RealtimeServer, code: number): Promise<void>
  /** Drains a server, whose clients move to the current one, and closes it. */
  drain(server: RealtimeServer, ms: number): Promise<void>
  /** Starts or stops to accept connections. */
  listen(listening: boolean): Promise<void>
  /** Resets every connection. */
  reset(): void
  /** Ends every connection with a FIN. */
  finish(): void
  /**
   * Holds back all data on open connections.
   *
   * @param future whether new connections are held back, too
   * @returns a function that releases the data
   */
  silence(way: Way, future: boolean): () => void
  /** Closes the network and its connections. */
  close(): Promise<void>
}
