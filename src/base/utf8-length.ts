/**
 * Returns the length of a text in UTF-8, in bytes; works without `TextEncoder`, as in Jest's jsdom.
 */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0
    // A surrogate pair is one code point.
    if (code > 0xffff) index++
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code > 0xffff ? 4 : 3
  }
  return bytes
}
