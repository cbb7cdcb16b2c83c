/** A JSON object whose fields are all unknown. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a wire value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the value if it is a JSON object, else an empty object. */
export function asFields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** Returns the value if it is a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Returns the value if it is a finite number of at least `least`. */
export function asNumber(value: unknown, least = Number.NEGATIVE_INFINITY): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= least ? value : undefined
}

/** Returns the value if it is an integer of at least `least`. */
export function asInteger(value: unknown, least: number): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined
}

/** Maximum length of an event id, in characters: 128 as sent, and what a server adds. */
const LONGEST_ID = 160

/** Returns the value if it is a valid event id; ids are remembered, and so must be short. */
export function asId(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_ID ? value : undefined
}

/** Returns the strings of an array; an empty array for any other value. */
export function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/**
 * Returns the first 80 characters of a text, for an error. Copies them, since a slice keeps the
 * whole text in memory as long as the error.
 */
export function sampleOf(text: string): string {
  return Array.from(text.slice(0, 80)).join('')
}
