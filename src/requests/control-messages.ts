import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import type { Link } from '../connection/link.ts'
import type { AwaitedReply } from '../connection/reply-table.ts'
import type { ControlReply, OnControlReply } from '../ports/client-port.ts'
import { plainReply } from '../protocol/frame-constructors.ts'
import type { Intent } from '../protocol/intent.ts'
import { say } from './request-errors.ts'

/**
 * Control messages, and the replies that they await. They are never sent again by the client: their
 * extension sends them anew when a connection opens.
 */
export class ControlMessages {
  readonly #deps: ControlMessagesDeps
  readonly #forget = new Set<() => void>()

  constructor(deps: ControlMessagesDeps) {
    this.#deps = deps
  }

  /** Sends an intent; `answered` receives the reply to each of its messages. */
  say(link: Link, intent: Intent, answered?: OnControlReply): void {
    const { clock, logger, report } = this.#deps
    const named = 'channels' in intent ? intent.channels : []
    if (named.length > 0) logger()?.('channels', `${intent.kind} ${named.map(loggable).join()}`)
    const replies: AwaitedReply[] = []
    const left = (): void => {
      for (const reply of replies) reply.leftAt = clock.now()
    }
    const said = say(link, intent, answered && { cancelled: false, left })
    if ('code' in said) {
      const { code, message } = said
      // No caller awaits the reply to a message that ends something.
      const isEnd =
        intent.kind === 'unsubscribe' || ('action' in intent && intent.action === 'leave')
      if ((!answered || isEnd) && code !== 'unsupported') report(said)
      const error = { code, message, retryable: false, own: said }
      answered?.({ kind: 'refusal', to: [], error }, undefined)
    } else if (answered) {
      const local = plainReply([], undefined)
      const covered = new Set(said.flatMap(({ channels }) => channels ?? named))
      const others = named.filter((channel) => !covered.has(channel))
      if (said.length === 0) answered(local, undefined)
      else if (others.length > 0) answered(local, others)
      for (const { keys, channels } of said) {
        if (keys.length === 0) answered(local, channels)
        else replies.push(this.#await(link, keys, (reply) => answered(reply, channels)))
      }
    }
  }

  /** Awaits a reply until its deadline, at which `answered` receives `undefined`. */
  #await(
    link: Link,
    keys: readonly string[],
    answered: (reply: ControlReply | undefined) => void,
  ): AwaitedReply {
    const forget = (): void => {
      this.#forget.delete(forget)
      link.replies.delete(awaited)
      cancel()
    }
    const done = (reply: ControlReply | undefined): void => {
      forget()
      answered(reply)
    }
    const awaited: AwaitedReply = { keys, leftAt: undefined, answered: done }
    const cancel = this.#deps.clock.after(this.#deps.requestTimeoutMs, () => done(undefined))
    this.#forget.add(forget)
    link.replies.add(awaited)
    return awaited
  }

  /** Stops awaiting all replies. */
  forget(): void {
    for (const forget of this.#forget) forget()
  }
}

/** Dependencies of {@link ControlMessages}. */
export interface ControlMessagesDeps {
  readonly clock: Clock
  readonly logger: () => Logger | undefined
  readonly requestTimeoutMs: number
  readonly report: (error: unknown) => void
}
