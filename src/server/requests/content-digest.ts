import { isFields } from '../../protocol/fields.ts'

/**
 * Returns a digest of JSON values, by which an id that is used for two requests is detected. It does
 * not depend on the order of the fields of objects.
 *
 * It is of 64 bits and not cryptographic, since that would take three times as long for each request:
 * a sender that finds two contents with one digest gets the reply to the first of its own requests.
 *
 * Recursive, so the codec has to limit the depth of the values.
 */
export function contentDigest(values: readonly unknown[]): string {
  return `${hashOf(values, 0, 0x85ebca6b)} ${hashOf(values, 0, 0xc2b2ae35)}`
}

/** What a value is: so that `1`, `'1'` and `['1']` differ. */
const TEXT = 1
const LIST = 2
const FIELDS = 3
const OTHER = 4

/**
 * Returns a hash of a value that comes after others.
 *
 * @param hash the hash of the others
 * @param factor an odd number; another one makes an independent hash
 */
function hashOf(value: unknown, hash: number, factor: number): number {
  if (typeof value === 'string') return hashOfText(value, mixed(hash, TEXT, factor), factor)
  if (Array.isArray(value)) {
    let all = mixed(mixed(hash, LIST, factor), value.length, factor)
    for (const item of value) all = hashOf(item, all, factor)
    return all
  }
  if (isFields(value)) {
    // A sum does not depend on the order.
    let sum = 0
    for (const name of Object.keys(value)) {
      sum = (sum + hashOf(value[name], hashOfText(name, 0, factor), factor)) | 0
    }
    return mixed(mixed(hash, FIELDS, factor), sum, factor)
  }
  return hashOfText(String(value), mixed(hash, OTHER, factor), factor)
}

function hashOfText(text: string, hash: number, factor: number): number {
  let all = mixed(hash, text.length, factor)
  for (let at = 0; at < text.length; at++) all = mixed(all, text.charCodeAt(at), factor)
  return all
}

/** Multiplies and shifts as MurmurHash does: another `hash` or `next` always has another result. */
function mixed(hash: number, next: number, factor: number): number {
  const product = Math.imul(hash ^ next, factor)
  return product ^ (product >>> 15)
}
