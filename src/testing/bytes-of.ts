/** Returns the bytes of binary data, also of that of another realm, such as Node's in Jest. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return isBuffer(data) ? new Uint8Array(data) : undefined
}

function isBuffer(data: unknown): data is ArrayBuffer {
  return Object.prototype.toString.call(data) === '[object ArrayBuffer]'
}
