import type { Clock } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { RealtimeServer } from 'wirefold/server'
import type { Weather } from './weather.ts'

/** Which way nothing gets through. */
export type Silence = 'to-client' | 'to-server' | 'both'

/** A network between clients and one server, with everything that can be wrong with one. */
export interface Network {
  readonly clock: Clock
  /** Where clients connect to. */
  readonly url: string
  /** How they do. */
  readonly transport: TransportFactory
  /** Changes take effect for what is sent from now on. */
  readonly weather: Weather
  /** Has a server take every connection from now on. */
  serve(server: RealtimeServer): Promise<void>
  /** Ends a server with a closing handshake; cut the connections before for one that is killed. */
  stop(server: RealtimeServer, code: number): Promise<void>
  /** Has everybody leave a server for the one that serves now, and ends it. */
  drain(server: RealtimeServer, ms: number): Promise<void>
  /** Whether anybody listens. */
  listen(listening: boolean): Promise<void>
  /** Resets every connection. */
  reset(): void
  /** Ends every connection with a FIN. */
  finish(): void
  /**
   * Lets nothing through on the present connections.
   *
   * @param future whether on new ones neither
   * @returns lets it through again, what was held first
   */
  silence(ways: Silence, future: boolean): () => void
  /** Lets go of everything. */
  close(): Promise<void>
}
