/** What is known of an event besides its context; an `EventFrame` is one. */
export interface EventMeta {
  /** The event's id, for de-duplication, the order `id`, and the payload log. */
  readonly id?: string | undefined
  /** When it happened, in milliseconds since the Unix epoch. */
  readonly timestamp?: number | undefined
  /** Its place in the history of its channel. */
  readonly offset?: number | undefined
}

/**
 * Which of two events about one entity is the newer: the one that arrives later, or the one with
 * the higher timestamp, offset or id. Of two that are equal the later arrival wins.
 *
 * `id` compares the number an id ends in, and of ids such as `<ms>-<seq>` first the milliseconds;
 * always as numbers, whatever text stands before them.
 */
export type EventOrder = 'arrival' | 'timestamp' | 'offset' | 'id'

/** Where an event stands in an order. */
export type SortKey = number | IdSortKey

/** The decimal digits of an id without leading zeros: ids can be larger than a safe integer. */
interface IdSortKey {
  readonly major: string
  readonly minor: string
}

/** Where an event stands in `order`; `undefined` where it does not tell, or where none is asked. */
export function sortKeyOf(order: EventOrder, meta: EventMeta): SortKey | undefined {
  switch (order) {
    case 'arrival':
      return undefined
    case 'timestamp':
      return Number.isFinite(meta.timestamp) ? meta.timestamp : undefined
    case 'offset':
      return Number.isFinite(meta.offset) ? meta.offset : undefined
    case 'id':
      return meta.id === undefined ? undefined : sortKeyOfId(meta.id)
  }
}

/** Whether `place` comes before `other` in the order that both are of. */
export function isBefore(sortKey: SortKey, other: SortKey): boolean {
  if (typeof sortKey === 'number' || typeof other === 'number') return sortKey < other
  return (
    (compareDigits(sortKey.major, other.major) || compareDigits(sortKey.minor, other.minor)) < 0
  )
}

function sortKeyOfId(id: string): IdSortKey | undefined {
  const tail = startOfDigits(id, id.length)
  if (tail === id.length) return undefined
  const dash = tail - 1
  const head = id[dash] === '-' ? startOfDigits(id, dash) : dash
  return head < dash
    ? { major: digits(id, head, dash), minor: digits(id, tail, id.length) }
    : { major: digits(id, tail, id.length), minor: '' }
}

/** Where the run of digits begins that ends before `end`. */
function startOfDigits(text: string, end: number): number {
  let start = end
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--
  return start
}

function isDigit(char: number): boolean {
  return char >= 48 /* 0 */ && char <= 57 /* 9 */
}

function digits(text: string, start: number, end: number): string {
  return text.slice(start, end).replace(/^0+/, '')
}

function compareDigits(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0)
}
