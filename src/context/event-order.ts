import { asNumber } from '../protocol/fields.ts'

/**
 * Rule for finding the newer of two events about one entity: by arrival, or by the higher
 * timestamp, offset or id. Of two equal events the later arrival wins; an event without a readable
 * timestamp, offset or id is older than all that have one.
 *
 * `id` compares the number at the end of an id, and for ids such as `<ms>-<seq>` first the
 * milliseconds; always numerically, and without the text before them.
 */
export type EventOrder = 'arrival' | 'timestamp' | 'offset' | 'id'

/** The value by which events are ordered: a timestamp, an offset, or the digits of an id. */
export type SortKey = number | IdSortKey

/** The decimal digits of an id without leading zeros: ids can be larger than a safe integer. */
interface IdSortKey {
  readonly major: string
  readonly minor: string
}

/** The metadata of an event; an `EventFrame` is one. */
export interface EventMeta {
  /** The event's id, for de-duplication, the order `id`, and the payload log. */
  readonly id?: string | undefined
  /** Time of the event, in milliseconds since the Unix epoch. */
  readonly timestamp?: number | undefined
  /** Offset of the event in the history of its channel. */
  readonly offset?: number | undefined
}

/** Returns the sort key of an event; `undefined` if it lacks the field. */
export function sortKeyOf(
  order: Exclude<EventOrder, 'arrival'>,
  meta: EventMeta,
): SortKey | undefined {
  return order === 'id' ? sortKeyOfId(meta.id) : asNumber(meta[order])
}

/** Whether `sortKey` is before `other`; both belong to the same order. */
export function isBefore(sortKey: SortKey, other: SortKey): boolean {
  if (typeof sortKey === 'number' || typeof other === 'number') return sortKey < other
  return (
    (compareDigits(sortKey.major, other.major) || compareDigits(sortKey.minor, other.minor)) < 0
  )
}

function sortKeyOfId(id = ''): IdSortKey | undefined {
  // Digits between other characters; an empty text where the id ends in another one.
  const runs = id.split(/\D/)
  const last = runs.pop()
  if (!last) return undefined
  const head = runs.pop()
  const minor = withoutZeros(last)
  return head && id.at(-last.length - 1) === '-'
    ? { major: withoutZeros(head), minor }
    : { major: minor, minor: '' }
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '')
}

function compareDigits(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0)
}
