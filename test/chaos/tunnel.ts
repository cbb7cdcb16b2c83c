import type { Socket } from 'node:net'
import type { Clock } from 'wirefold'
import type { Random } from 'wirefold/testing'
import { BitFlipper } from './bit-flipper.ts'
import { Pipe } from './pipe.ts'
import type { Weather } from './weather.ts'

/** Number of bytes in transit above which the sender is paused. */
const HIGH_WATER_BYTES = 64 * 1024

/** Dependencies of a tunnel. */
export interface TunnelParts {
  readonly clock: Clock
  readonly random: Random
  readonly weather: Weather
  readonly client: Socket
  readonly server: Socket
}

/** One TCP connection through a proxy: bytes and the end of the stream, in both directions. */
export class Tunnel {
  readonly toServer: Pipe<Buffer | 'end'>
  readonly toClient: Pipe<Buffer | 'end'>
  readonly #client: Socket
  readonly #server: Socket

  constructor(parts: TunnelParts) {
    this.#client = parts.client
    this.#server = parts.server
    this.toServer = way(parts, parts.client, parts.server)
    this.toClient = way(parts, parts.server, parts.client)
  }

  /** Resets the connection on both sides. */
  reset(): void {
    this.#stop()
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  /** Ends the connection with a FIN on both sides. */
  finish(): void {
    this.#stop()
    this.#client.end()
    this.#server.end()
  }

  #stop(): void {
    this.toServer.stop()
    this.toClient.stop()
  }
}

function way(parts: TunnelParts, from: Socket, to: Socket): Pipe<Buffer | 'end'> {
  const { random, weather } = parts
  const flipper = new BitFlipper(random)
  const writer = new SocketWriter(to, random, weather)
  const pipe = new Pipe<Buffer | 'end'>({
    ...parts,
    size: (item) => (item === 'end' ? 0 : item.length),
    deliver: (items) => {
      const bytes = Buffer.concat(items.filter((item) => item !== 'end'))
      writer.write(bytes, items.includes('end'))
      if (pipe.bytes < HIGH_WATER_BYTES) from.resume()
    },
  })
  let over = false
  const end = (): void => {
    if (!over) pipe.push('end')
    over = true
  }
  from.setNoDelay(true)
  from.on('data', (bytes: Buffer) => {
    flipper.flip(bytes, weather.flipEvery)
    pipe.push(bytes)
    if (pipe.bytes > HIGH_WATER_BYTES) from.pause()
  })
  from.on('end', end)
  from.on('close', end)
  from.on('error', () => from.destroy())
  return pipe
}

/** Writes to a socket, in pieces of 1 to 7 bytes if the weather has `shreds`. */
class SocketWriter {
  readonly #socket: Socket
  readonly #random: Random
  readonly #weather: Weather
  #waiting: Buffer = Buffer.alloc(0)
  #ending = false
  #scheduled = false

  constructor(socket: Socket, random: Random, weather: Weather) {
    this.#socket = socket
    this.#random = random
    this.#weather = weather
  }

  write(bytes: Buffer, end: boolean): void {
    this.#waiting = this.#waiting.length ? Buffer.concat([this.#waiting, bytes]) : bytes
    this.#ending ||= end
    if (!this.#scheduled) this.#flush()
  }

  #flush(): void {
    this.#scheduled = false
    if (!this.#socket.writable) return
    const most = this.#weather.shreds ? 1 + this.#random.below(7) : this.#waiting.length
    if (most > 0) this.#socket.write(this.#waiting.subarray(0, most))
    this.#waiting = this.#waiting.subarray(most)
    if (this.#waiting.length > 0) {
      this.#scheduled = true
      // A full turn of the event loop, so that the reader receives each piece separately.
      setImmediate(() => this.#flush())
    } else if (this.#ending) this.#socket.end()
  }
}
