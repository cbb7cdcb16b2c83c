import type { Random } from 'wirefold/testing'

/**
 * Flips bits in the payloads of a WebSocket byte stream, which begins with the head of an HTTP
 * message. HTTP heads and frame headers remain intact.
 */
export class BitFlipper {
  readonly #random: Random
  /** The last bytes of the HTTP head; undefined after its end. */
  #head: string | undefined = ''
  /** The bytes read so far of the current frame header. */
  #header: number[] = []
  #payload = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Processes bytes in place, and flips a bit in about one of `every` bytes of payload. */
  flip(bytes: Buffer, every: number): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes.readUInt8(at)
      if (this.#head !== undefined) this.#readHead(byte)
      else if (this.#payload === 0) this.#readHeader(byte)
      else {
        this.#payload--
        if (Number.isFinite(every) && this.#random.below(every) === 0) {
          bytes.writeUInt8(byte ^ (1 << this.#random.below(8)), at)
        }
      }
    }
  }

  #readHead(byte: number): void {
    this.#head = ((this.#head ?? '') + String.fromCharCode(byte)).slice(-4)
    if (this.#head === '\r\n\r\n') this.#head = undefined
  }

  /** RFC 6455, section 5.2. */
  #readHeader(byte: number): void {
    const header = this.#header
    header.push(byte)
    const second = header[1]
    if (second === undefined) return
    const short = second & 0x7f
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
    const maskBytes = second & 0x80 ? 4 : 0
    if (header.length < 2 + lengthBytes + maskBytes) return
    this.#payload = lengthBytes
      ? header.slice(2, 2 + lengthBytes).reduce((sum, part) => sum * 256 + part, 0)
      : short
    this.#header = []
  }
}
