import { isFields } from '../../protocol/fields.ts'
import type { RecordedLine } from './recorded-line.ts'
import { messagesOf } from './recorded-line.ts'

/** A ping that the client sent in a recording, and its answer. */
export interface Heartbeat {
  readonly ping: unknown
  readonly pong: unknown
  /** The step that contains the answer. */
  readonly step: RecordedLine
  /** Time from the ping to its answer, in milliseconds. */
  readonly delayMs: number
}

/**
 * Returns the answered pings of a recorded connection in their order, and `undefined` for each one
 * without an answer.
 */
export function heartbeatsOf(steps: readonly RecordedLine[]): readonly (Heartbeat | undefined)[] {
  const heartbeats: (Heartbeat | undefined)[] = []
  let waiting: { readonly ping: unknown; readonly at: number }[] = []
  for (const step of steps) {
    if ('out' in step) {
      for (const ping of messagesOf(step.out).filter(isPing)) waiting.push({ ping, at: step.at })
    } else if ('in' in step && waiting.length > 0) {
      const pong = messagesOf(step.in).find(isPong)
      if (pong === undefined) continue
      // The answer to the newest ping is one to those before it, too.
      const ping = waiting.at(-1)?.ping
      heartbeats.push(...waiting.map(({ at }) => ({ ping, pong, step, delayMs: step.at - at })))
      waiting = []
    }
  }
  return [...heartbeats, ...waiting.map(() => undefined)]
}

/** Whether a message only shows that its sender is there. */
export function isHeartbeat(message: unknown): boolean {
  return isPing(message) || isPong(message) || named(message, ['presence:heartbeat'])
}

/** Whether a message asks for a pong; `2` is that of Engine.IO. */
export function isPing(message: unknown): boolean {
  return message === 2 || named(message, ['ping', 'PING', 'pusher:ping'])
}

function isPong(message: unknown): boolean {
  return message === 3 || named(message, ['pong', 'PONG', 'pusher:pong'])
}

function named(message: unknown, names: readonly unknown[]): boolean {
  return isFields(message) && (names.includes(message.type) || names.includes(message.event))
}
