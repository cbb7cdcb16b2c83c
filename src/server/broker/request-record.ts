import type { Refusal } from '../../base/errors.ts'
import type { ChannelPosition, RefusalFrame, ReplyFrame } from '../../protocol/frame.ts'

/** What a request came to: its answer, without the key that it answers in one dialect or another. */
export type RequestResult = ReplyFrame | RefusalFrame

/**
 * What a record says: JSON text of what of an outcome is to be remembered. Where an event is the whole
 * effect, a broker may write the same text itself, since only it knows the place in time.
 */
interface Recorded {
  readonly payload?: unknown
  readonly at?: readonly ChannelPosition[]
  readonly refusal?: Refusal
}

/** A yes. */
export function replied(payload: unknown, at: readonly ChannelPosition[] = []): ReplyFrame {
  // An event that reached the members of this server only has no place to tell.
  const placed = at.filter(({ offset }) => offset > 0)
  return { kind: 'reply', to: [], payload, at: placed.length ? placed : undefined }
}

/** A no. */
export function refused(error: Refusal): RefusalFrame {
  return { kind: 'refusal', to: [], error }
}

/** Whether asking again would change nothing. */
export function isLasting(outcome: RequestResult): boolean {
  return outcome.kind === 'reply' || !outcome.error.retryable
}

/** The record of an outcome; throws where it is not JSON. */
export function recordOf(outcome: RequestResult): string {
  const recorded: Recorded =
    outcome.kind === 'reply'
      ? { payload: outcome.payload, ...(outcome.at && { at: outcome.at }) }
      : { refusal: outcome.error }
  return JSON.stringify(recorded)
}

/** The record of a publish that was carried out. */
export function publishedRecord(at: ChannelPosition): string {
  return recordOf(replied(undefined, [at]))
}

/** The outcome that a record is of. */
export function resultOf(record: string): RequestResult {
  const { payload, at, refusal }: Recorded = JSON.parse(record)
  return refusal ? refused(refusal) : replied(payload, at)
}
