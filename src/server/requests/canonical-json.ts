import { isFields } from '../../protocol/fields.ts'

/**
 * A JSON value as the one text that all equal values have: the fields of objects in order.
 *
 * Recursive: for values of a codec that bounds their depth.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (isFields(value)) {
    const fields = Object.keys(value).sort()
    return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join()}}`
  }
  return JSON.stringify(value) ?? ''
}
