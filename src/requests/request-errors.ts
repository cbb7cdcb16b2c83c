import type { ErrorCode, ErrorDetail, ErrorDetails } from '../base/errors.ts'
import { causedBy, unsupported, WirefoldError } from '../base/errors.ts'
import type { Link } from '../connection/link.ts'
import type { AwaitedReply } from '../connection/reply-table.ts'
import type { OutgoingRequest } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import { replyFrame } from '../protocol/frame-constructors.ts'
import type { Intent } from '../protocol/intent.ts'

/** The reply to a message that the server does not answer. */
export const noReply: ReplyFrame = /* @__PURE__ */ replyFrame([], undefined)

/** Sends an intent on a link; returns its messages, or the error for which it was not sent. */
export function say(
  link: Link,
  intent: Intent,
  awaitedOf: (message: Outgoing) => AwaitedReply,
): readonly Outgoing[] | WirefoldError {
  try {
    const said = link.say(intent, awaitedOf)
    if (said) return said
  } catch (cause) {
    const requestId = 'requestId' in intent ? intent.requestId : ''
    const message = `The codec could not encode ${nameOf(intent)}, which has to be plain JSON`
    return causedBy(cause, 'bad-payload', message, { requestId })
  }
  return unsupported(link.dialect.name, nameOf(intent))
}

/** The detail of an error of a request, without the id of the request. */
export type RequestDetail<Code extends ErrorCode> = Omit<ErrorDetails[Code], 'requestId'>

/**
 * Returns the error for which a request is rejected.
 *
 * @param what continues the message after the name of the request
 */
export function requestError<Code extends ErrorCode>(
  code: Code,
  outgoing: OutgoingRequest,
  what: string,
  detail: RequestDetail<Code>,
  cause?: unknown,
): WirefoldError {
  const { requestId } = outgoing
  // TypeScript does not join `Omit<…, 'requestId'>` and the id.
  const whole = { requestId, ...detail } as ErrorDetail<Code>
  return new WirefoldError(code, `${nameOf(outgoing)} ${what}`, whole, { cause })
}
