/** A JSON object whose fields are all unknown. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a wire value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an object; an empty one where it is none. */
export function asFields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** The value where it is a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The value where it is a finite number of at least `least`. */
export function asNumber(value: unknown, least = Number.NEGATIVE_INFINITY): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= least ? value : undefined
}

/** The value where it is an integer of at least `least`. */
export function asInteger(value: unknown, least: number): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined
}

/** The longest id of an event, in characters. */
const LONGEST_ID = 128

/** The value where it may be the id of an event: those are remembered, and so must be short. */
export function asId(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_ID ? value : undefined
}

/** The strings of a list; empty where it is none. */
export function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/**
 * The first 80 characters of a text, for an error: a copy, since a slice keeps the whole text in
 * memory for as long as somebody keeps the error.
 */
export function sampleOf(text: string): string {
  return Array.from(text.slice(0, 80)).join('')
}
