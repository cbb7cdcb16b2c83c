const BEYOND_ASCII = /[\u0080-\uffff]/

/**
 * Returns the length of a text in UTF-8, in bytes; works without `TextEncoder`, as in Jest's jsdom.
 */
export function utf8Length(text: string): number {
  // Up to this character one byte each: the search is several times as fast as the loop.
  const start = text.search(BEYOND_ASCII)
  if (start < 0) return text.length
  let bytes = start
  for (let index = start; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0
    // A surrogate pair is one code point.
    if (code > 0xffff) index++
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code > 0xffff ? 4 : 3
  }
  return bytes
}
