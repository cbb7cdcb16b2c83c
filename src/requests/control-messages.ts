import type { Clock } from '../base/clock.ts'
import { ownRefusal } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import type { Link } from '../connection/link.ts'
import type { AwaitedReply } from '../connection/reply-table.ts'
import type { ControlReply, OnControlReply } from '../ports/client-port.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { Intent } from '../protocol/intent.ts'
import { noReply, say } from './request-errors.ts'

/**
 * Sends a control message; `answered` receives the reply to each of its messages, or `undefined` at
 * its deadline. A message without a reply is answered as it leaves. It is never sent again by the
 * client: its extension sends it anew when a connection opens.
 */
export function sayControl(
  link: Link,
  intent: Intent,
  answered: OnControlReply | undefined,
  deps: ControlDeps,
): void {
  const { clock, logger, requestTimeoutMs, report } = deps
  const named = 'channels' in intent ? intent.channels : []
  if (named.length > 0) logger()?.('channels', `${intent.kind} ${named.map(loggable).join()}`)
  const awaitedOf = ({ keys, channels }: Outgoing): AwaitedReply => {
    const done = (reply: ControlReply | undefined): void => {
      link.replies.delete(awaited)
      answered?.(reply, channels)
    }
    const isAwaited = answered !== undefined && keys.length > 0
    const awaited: AwaitedReply = {
      keys: isAwaited ? keys : [],
      cancel: isAwaited ? clock.after(requestTimeoutMs, () => done(undefined)) : undefined,
      cancelled: false,
      leftAt: undefined,
      left: () => {
        if (!isAwaited) done(noReply)
      },
      answered: done,
    }
    link.replies.add(awaited)
    return awaited
  }
  const said = say(link, intent, awaitedOf)
  if ('code' in said) {
    if ('channels' in intent && named[1]) {
      // The others do not suffer from the one channel for which it failed.
      for (const channel of named) {
        const one = { ...intent, requestId: randomId(), channels: [channel] }
        sayControl(link, one, (reply) => answered?.(reply, one.channels), deps)
      }
      return
    }
    // No caller awaits the reply to a message that ends something.
    const isEnd = intent.kind === 'unsubscribe' || ('action' in intent && intent.action === 'leave')
    if ((!answered || isEnd) && said.code !== 'unsupported') report(said)
    answered?.({ kind: 'refusal', to: [], error: ownRefusal(said) }, undefined)
    return
  }
  // A message that names no channels covers all.
  if (said.some(({ channels }) => channels === undefined)) return
  const covered = new Set(said.flatMap(({ channels = [] }) => channels))
  const others = named.filter((channel) => !covered.has(channel))
  if (said.length === 0 || others.length > 0) answered?.(noReply, others)
}

/** Dependencies of {@link sayControl}. */
export interface ControlDeps {
  readonly clock: Clock
  readonly logger: () => Logger | undefined
  readonly requestTimeoutMs: number
  readonly report: (error: unknown) => void
}
