import type { CancellableWaits } from './cancellable-waits.ts'
import type { RedisConnection, RedisConnector } from './redis-connection.ts'
import { closed, isDemotion, isErrorReply } from './unavailable.ts'

/** Maximum time to open a connection, or without a reply to a command, in milliseconds. */
const REPLY_MS = 10_000

/**
 * A connection of the broker, which is opened anew, with its subscriptions, when it was lost, when
 * Redis has not replied for 10 s, and when Redis has become a replica. Meanwhile its commands wait.
 */
export class OwnConnection {
  readonly #deps: OwnConnectionDeps
  readonly #subscriptions = new Map<string, (message: string) => void>()
  #current: RedisConnection | undefined
  /** The open connection, or the next one; `undefined` before {@link OwnConnection.start}. */
  #connected: Promise<RedisConnection> | undefined
  #closed = false
  /** Attempts since the last reply, and the last reported cause of a loss. */
  #attempts = 0
  #reported = ''

  constructor(deps: OwnConnectionDeps) {
    this.#deps = deps
  }

  /** Opens the connection; rejects if the first attempt fails. */
  async start(): Promise<void> {
    this.#connected = this.#open()
    await this.#connected
  }

  /**
   * Sends a command; rejects if Redis returns an error, or the connection is lost meanwhile.
   *
   * @param args makes the words of the command, once the connection is open
   * @param blockMs time for which Redis delays the reply on purpose, in milliseconds
   */
  async command(args: () => readonly string[], blockMs = 0): Promise<unknown> {
    return this.#send((connection) => connection.command(args()), blockMs)
  }

  /** Subscribes; the subscription is restored on each later connection. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    this.#subscriptions.set(channel, listener)
    await this.#change((connection) => connection.subscribe(channel, listener))
  }

  /** Ends a subscription. */
  async unsubscribe(channel: string): Promise<void> {
    this.#subscriptions.delete(channel)
    await this.#change((connection) => connection.unsubscribe(channel))
  }

  /** Replaces the open connection by another one. */
  reopen(): void {
    if (this.#current) this.#lose(this.#current)
  }

  /** Closes the connection for good; commands that wait reject. */
  close(): void {
    this.#closed = true
    this.#current?.close()
    this.#current = undefined
  }

  /** Repeats a change of the subscriptions until it was made on the open connection. */
  async #change(run: (connection: RedisConnection) => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await this.#send(run)
        return
      } catch (error) {
        if (this.#closed || isErrorReply(error)) throw error
      }
    }
  }

  async #send(
    run: (connection: RedisConnection) => Promise<unknown>,
    blockMs = 0,
  ): Promise<unknown> {
    const connection = await this.#connected
    if (!connection || this.#closed) throw closed()
    try {
      const reply = await this.#within(REPLY_MS + blockMs, run(connection))
      this.#attempts = 0
      this.#reported = ''
      return reply
    } catch (error) {
      if (this.#closed) throw closed()
      if (isDemotion(error) || error === SILENT) {
        this.#lose(connection, error)
        this.#deps.onWrongServer()
      } else if (!isErrorReply(error)) this.#lose(connection, error)
      throw error
    }
  }

  async #open(): Promise<RedisConnection> {
    const { connector } = this.#deps
    let lost: unknown
    const connection = connector.open((cause) => {
      lost ??= cause
      this.#lose(connection, cause)
    })
    try {
      await this.#within(REPLY_MS, connection.ready)
      const restored = [...this.#subscriptions].map((one) => connection.subscribe(...one))
      await this.#within(REPLY_MS, Promise.all(restored))
      if (lost) throw lost
      if (this.#closed) throw closed()
      this.#current = connection
      return connection
    } catch (error) {
      connection.close()
      throw lost ?? error
    }
  }

  /** @param cause reported, unless the caller has done that */
  #lose(connection: RedisConnection, cause?: unknown): void {
    if (connection !== this.#current) return
    this.#current = undefined
    connection.close()
    if (this.#closed) return
    if (cause !== undefined) this.#report(cause)
    this.#connected = this.#reopen()
    this.#connected.catch(() => {})
  }

  async #reopen(): Promise<RedisConnection> {
    const { waits, onReopened } = this.#deps
    for (;;) {
      if (this.#attempts) await waits.backoff(this.#attempts - 1)
      if (this.#closed) throw closed()
      this.#attempts += 1
      try {
        const connection = await this.#open()
        onReopened()
        return connection
      } catch (error) {
        if (!this.#closed) this.#report(error)
      }
    }
  }

  /** Reports a cause, unless the attempt before failed for the same one. */
  #report(cause: unknown): void {
    const text = String(cause)
    if (text !== this.#reported) this.#deps.report(cause)
    this.#reported = text
  }

  async #within<T>(ms: number, promise: Promise<T>): Promise<T> {
    const made = promise.then((value) => ({ value }))
    const reply = await this.#deps.waits.within(ms, made)
    if (reply) return reply.value
    throw this.#closed ? closed() : SILENT
  }
}

/** Dependencies of an {@link OwnConnection}. */
export interface OwnConnectionDeps {
  readonly connector: RedisConnector
  /** Waits that end when the broker is closed; by the platform's clock, since Redis keeps real time. */
  readonly waits: CancellableWaits
  /** Called after each reconnect, with all subscriptions restored. */
  readonly onReopened: () => void
  /** Called when the connection led to a replica, or to a Redis that does not reply. */
  readonly onWrongServer: () => void
  readonly report: (error: unknown) => void
}

const SILENT = new Error(`Redis has not replied for ${REPLY_MS} ms; the connection is replaced.`)
