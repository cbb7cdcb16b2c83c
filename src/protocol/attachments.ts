import { asInteger, isFields } from './fields.ts'

/*
 * Socket.IO sends the binary values of a packet as messages of their own, after the packet, in which
 * `{_placeholder: true, num}` stands for each.
 */

/** Depth to which binary values are looked for; peers refuse JSON that is nested deeper. */
const DEEPEST = 64

/**
 * Returns a value with placeholders for its binary values (`ArrayBuffer` and its views).
 *
 * @param bytes receives the binary values
 */
export function detach(value: unknown, bytes: Uint8Array[], depth = 0): unknown {
  const found = bytesOf(value)
  if (found) return { _placeholder: true, num: bytes.push(found) - 1 }
  return depth < DEEPEST ? mapped(value, (inner) => detach(inner, bytes, depth + 1)) : value
}

/** Returns a value with the binary values in place of their placeholders; `undefined` for one that is not there. */
export function attach(value: unknown, bytes: readonly Uint8Array[]): unknown {
  return isFields(value) && value._placeholder === true
    ? bytes[asInteger(value.num, 0) ?? -1]
    : mapped(value, (inner) => attach(inner, bytes))
}

/** Changes the members of an array or object as `JSON.stringify` reads them. */
function mapped(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  if (!isFields(value) || 'toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))
}

/** Returns the bytes of a view or buffer, which may be of another realm, as in Jest; no copy. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return isBuffer(data) ? new Uint8Array(data) : undefined
}

function isBuffer(data: unknown): data is ArrayBuffer {
  return Object.prototype.toString.call(data) === '[object ArrayBuffer]'
}
