import { isWirefoldError, WirefoldError } from '../base/errors.ts'
import type { Ticket } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Dialect, Outgoing } from '../protocol/dialect.ts'
import type { Intent } from '../protocol/intent.ts'

/** Sends an intent on a link; returns its messages, or the error for which it was not sent. */
export function say(
  link: Speaker,
  intent: Intent,
  ticket?: Ticket,
): readonly Outgoing[] | WirefoldError {
  const what = nameOf(intent)
  try {
    const said = link.say(intent, ticket)
    if (said) return said
  } catch (cause) {
    if (isWirefoldError(cause)) return cause
    const requestId = 'requestId' in intent ? intent.requestId : ''
    const message = `The dialect or the codec threw while encoding ${what}, most often since its payload is not plain JSON. See the cause.`
    return new WirefoldError('bad-payload', message, { requestId }, { cause })
  }
  const dialect = link.dialect.name
  const message = `The ${dialect} backend does not support ${what}.`
  return new WirefoldError('unsupported', message, { dialect, what })
}

/** The part of a link that sends intents. */
export interface Speaker {
  readonly dialect: Dialect
  /**
   * Encodes an intent and sends it; throws if it cannot be encoded or is too large.
   *
   * @returns its messages; `undefined` if the backend does not support it
   */
  say(intent: Intent, ticket?: Ticket): readonly Outgoing[] | undefined
}
