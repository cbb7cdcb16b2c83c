import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { LogArea, Logger } from '../../base/logger.ts'
import { loggable } from '../../base/logger.ts'
import type { MalformedCommand } from '../../protocol/command.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { User } from '../access/hooks.ts'
import type { ResolvedLimits } from '../access/limits.ts'
import { badFrame } from '../access/refusals.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import type { Counters } from '../metrics/counters.ts'
import type { Socket } from '../socket/socket.ts'

/** Encodes frames for one client, notes withheld events, counts refusals, and logs. */
export class FrameWriter {
  readonly #deps: FrameWriterDeps
  readonly #to: FrameWriterTarget
  #behind = false

  constructor(deps: FrameWriterDeps, to: FrameWriterTarget) {
    this.#deps = deps
    this.#to = to
  }

  /** Whether events were withheld that the client has not been notified of yet. */
  get behind(): boolean {
    return this.#behind
  }

  /** Sends a frame; returns false if the dialect does not support it. */
  say(frame: ServerFrame): boolean {
    const texts = this.#textsOf(frame)
    for (const text of texts) this.#to.send(text)
    return texts.length > 0
  }

  /** Whether the dialect supports a frame. */
  knows(frame: ServerFrame): boolean {
    return this.#textsOf(frame).length > 0
  }

  #textsOf(frame: ServerFrame): readonly string[] {
    return textsOf(this.#to.dialect.encode(frame, this.#deps.clock.wall()))
  }

  /** Sends what the protocol says before the hello. */
  opened(): void {
    const { frameBytes } = this.#deps.limits
    this.say({ kind: 'opened', connectionId: this.#to.id, frameBytes })
  }

  /** Records that an event was withheld, because the client is too slow. */
  withheld(): void {
    if (this.#behind) return
    this.#behind = true
    this.#to.drained()?.then(() => {
      this.#behind = false
      this.#to.caughtUp()
    })
  }

  /**
   * Sends the welcome: the user of the connection, the tag of its events, and the limits.
   *
   * @param others the fingerprint of the client's contract, if it has one
   */
  welcome(user: User | null, tag: string, others: string | undefined): void {
    const { clock, heartbeatMs, limits, replies, counters } = this.#deps
    const contract = this.#deps.contract()
    if (contract !== undefined && others !== undefined && contract !== others) {
      counters.contractDifferences += 1
      this.log('connection', () => `has the contract ${loggable(others)}, not ${contract}`)
    }
    const { subscriptions, frameBytes, messagesPerSecond } = limits
    // A retry later than the store remembers its reply would run the request a second time.
    const dedupeMs = Math.min(limits.dedupeMs, Math.floor(replies.reachMs))
    this.say({
      kind: 'welcome',
      connectionId: this.#to.id,
      userId: user?.id,
      serverTime: clock.wall(),
      heartbeatMs,
      limits: {
        subscriptions,
        frameBytes,
        messagesPerSecond: Number.isFinite(messagesPerSecond) ? messagesPerSecond : undefined,
        dedupeMs,
      },
      tag,
      contract,
    })
  }

  /**
   * Refuses a request or, without a request id, a whole message: after the answers to the messages
   * before it, as the client can only match such a refusal by its order.
   */
  refuse(error: Refusal, requestId?: string): void {
    this.#count(error)
    if (requestId === undefined)
      this.#to.inOrder(() => this.say({ kind: 'refusal', to: [], error }))
    else this.say({ kind: 'refusal', to: [requestId], error })
  }

  /** Refuses the connection. */
  refuseAll(error: Refusal): void {
    this.#count(error)
    this.say({ kind: 'refusal', to: [], error })
  }

  #count({ code }: Refusal): void {
    this.#deps.counters.refused(code)
    this.log('connection', () => `refused: ${code}`)
  }

  /** Refuses malformed messages: each that has a request id, and all others together. */
  blame(malformed: readonly MalformedCommand[]): void {
    const withoutId = malformed.find(({ requestId }) => requestId === undefined)
    if (withoutId) this.refuse(badFrame(withoutId.reason))
    for (const { requestId, reason } of malformed) {
      if (requestId !== undefined) this.refuse(badFrame(reason), requestId)
    }
  }

  /** Logs a message about the connection, which is made only if there is a logger. */
  log(area: LogArea, message: () => string): void {
    this.#deps.logger?.(area, `${this.#to.id} ${message()}`)
  }
}

/** The dependencies that the writers of a server share. */
export interface FrameWriterDeps {
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly limits: ResolvedLimits
  /** Limits the time in which a client may retry a request. */
  readonly replies: Pick<ReplyStore, 'reachMs'>
  readonly counters: Counters
  readonly logger: Logger | undefined
  /** Returns the fingerprint of the server's contract, if it has one. */
  readonly contract: () => string | undefined
}

/** The client of a {@link FrameWriter}. */
export interface FrameWriterTarget {
  /** The id of the connection. */
  readonly id: string
  readonly dialect: ServerDialect
  /** Resolves once the client is no longer congested; see {@link Socket.drained}. */
  drained(): Promise<void> | undefined
  send(text: string): void
  /** Runs a step after the answers to the messages so far. */
  inOrder(step: () => void): void
  /** Called when a client whose events were withheld is no longer congested. */
  caughtUp(): void
}
