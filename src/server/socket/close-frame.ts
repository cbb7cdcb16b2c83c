/** Maximum size of a close reason, in bytes (RFC 6455, section 5.5: 125, less the code). */
const REASON_BYTES = 123

/** Whether a server may send a close code (RFC 6455, section 7.4). */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  // 1004 has no meaning; 1005 and 1006 stand for a close without a code, and are never sent.
  const standard = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)
  return standard || (code >= 3000 && code <= 4999)
}

/** Returns a close reason that fits into its frame: a longer one is cut between two characters. */
export function closeReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= REASON_BYTES) return reason
  let end = REASON_BYTES
  // Bytes 0b10xxxxxx continue a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
