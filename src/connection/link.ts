import type { Codec } from '../wire/codec.ts'
import type { Dialect, Outgoing } from '../wire/dialect.ts'
import type { Frame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import type { CloseInfo, Transport, TransportFactory } from '../wire/transport.ts'
import { Sender } from './sender.ts'

/** What a link tells; nothing comes after `closed`, nor after {@link Link.drop}. */
export interface LinkHandlers {
  opened(link: Link): void
  frame(frame: Frame, link: Link): void
  /** A message could not be read. */
  unreadable(error: unknown): void
  closed(info: CloseInfo, link: Link): void
}

/** One socket from its opening to its end, with the dialect and the sender that belong to it. */
export class Link {
  readonly dialect: Dialect
  readonly #codec: Codec
  readonly #handlers: LinkHandlers
  readonly #sender: Sender
  #transport: Transport | undefined

  constructor(dialect: Dialect, codec: Codec, handlers: LinkHandlers) {
    this.dialect = dialect
    this.#codec = codec
    this.#handlers = handlers
    this.#sender = new Sender({
      codec,
      batches: dialect.capabilities.batches,
      send: (data) => this.#transport?.send(data),
    })
  }

  /** Opens the socket; throws where trying again makes no sense. */
  open(factory: TransportFactory, url: string): void {
    this.#transport = factory.open(url, this.dialect.protocols, {
      opened: () => this.#handlers.opened(this),
      message: (data) => this.#receive(data),
      closed: (info) => {
        this.#sender.end()
        this.#handlers.closed(info, this)
      },
    })
  }

  /**
   * Puts an intent into the backend's words and has them sent at the end of this turn.
   *
   * @returns what was said, `undefined` where the backend has no word for it
   */
  say(intent: Intent): readonly Outgoing[] | undefined {
    const said = this.dialect.encode(intent)
    if (said) for (const { wire } of said) this.#sender.push(wire)
    return said
  }

  /** Sends the greeting and what was said with it, as one frame. */
  greet(): void {
    this.#sender.flush()
  }

  /** What waited for the welcome may go. */
  welcomed(frameBytes: number | undefined): void {
    this.#sender.welcomed(frameBytes)
  }

  /** Ends it at once and in silence, whatever the peer does. */
  drop(code?: number, reason?: string): void {
    this.#sender.end()
    this.#transport?.close(code, reason)
  }

  #receive(data: unknown): void {
    let frames: Frame | readonly Frame[] | undefined
    try {
      frames = this.dialect.decode(this.#codec.decode(data))
    } catch (error) {
      this.#handlers.unreadable(error)
      return
    }
    if (frames === undefined) return
    if ('kind' in frames) this.#handlers.frame(frames, this)
    else for (const frame of frames) this.#handlers.frame(frame, this)
  }
}
