import type { Refusal } from '../../base/errors.ts'
import type { ChannelPosition, RefusalFrame, ReplyFrame } from '../../protocol/frame.ts'

/** The result of a request: a reply or a refusal, not yet addressed to a request. */
export type RequestResult = ReplyFrame | RefusalFrame

/**
 * The JSON form of a stored result. If an event is the whole effect of a request, the broker writes
 * this text itself, because only the broker knows the position in time.
 */
interface Recorded {
  readonly payload?: unknown
  readonly at?: readonly ChannelPosition[] | undefined
  readonly refusal?: Refusal
}

/** Makes a positive result. */
export function replied(payload: unknown, at: readonly ChannelPosition[] = []): ReplyFrame {
  // An event that only reached the members of this server has offset 0, which is no position.
  const placed = at.filter(({ offset }) => offset > 0)
  return { kind: 'reply', to: [], payload, at: placed.length ? placed : undefined }
}

/** Makes a refusal. */
export function refused(error: Refusal): RefusalFrame {
  return { kind: 'refusal', to: [], error }
}

/** Whether a retry would have the same result. */
export function isLasting(result: RequestResult): boolean {
  return result.kind === 'reply' || !result.error.retryable
}

/** Serializes a result; throws if its payload cannot be written as JSON. */
export function recordOf(result: RequestResult): string {
  const recorded: Recorded =
    result.kind === 'reply' ? { payload: result.payload, at: result.at } : { refusal: result.error }
  return JSON.stringify(recorded)
}

/** Serializes the result of a successful publish. */
export function publishedRecord(at: ChannelPosition): string {
  return recordOf(replied(undefined, [at]))
}

/** Parses a record. */
export function resultOf(record: string): RequestResult {
  const { payload, at, refusal }: Recorded = JSON.parse(record)
  return refusal ? refused(refusal) : replied(payload, at)
}
