import { Duplex } from 'node:stream'

/**
 * A connection behind a line that can be slow, or carry nothing at all. Both ends stay connected,
 * and neither is notified.
 */
export class Line extends Duplex {
  readonly #tcp: Duplex
  /** What is under way, in both directions, in the order of its arrival. */
  #under: { readonly due: number; readonly arrive: () => void }[] = []
  #timer: NodeJS.Timeout | undefined
  #delayMs = 0
  #isHeld = false

  constructor(tcp: Duplex) {
    super()
    this.#tcp = tcp
    tcp.on('data', (chunk: Buffer) => this.#carry(() => this.push(chunk)))
    tcp.once('end', () => this.#carry(() => this.push(null)))
    tcp.on('error', () => this.destroy())
    tcp.once('close', () => this.destroy())
  }

  /** Sets the time that data takes from now on, in milliseconds. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Holds back all data, or lets it go on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#deliver()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#carry(() => this.#tcp.write(chunk))
    done()
  }

  override _final(done: () => void): void {
    this.#carry(() => this.#tcp.end())
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer)
    this.#under = []
    this.#tcp.destroy()
    done(error)
  }

  #carry(arrive: () => void): void {
    this.#under.push({ due: Date.now() + this.#delayMs, arrive })
    this.#deliver()
  }

  /** Delivers what is due. Nothing overtakes what is before it, also after a slow time. */
  #deliver(): void {
    clearTimeout(this.#timer)
    while (!this.#isHeld && this.#under[0]) {
      const wait = this.#under[0].due - Date.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#deliver(), wait)
        return
      }
      this.#under.shift()?.arrive()
    }
  }
}
