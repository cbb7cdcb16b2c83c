/**
 * Returns the length of a text in UTF-8, in bytes; works without `TextEncoder`, as in Jest's jsdom.
 */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // Each half of the pair was counted as three bytes; a pair takes four.
    if (isHigh(unit) && isLow(text.charCodeAt(index + 1))) bytes -= 2
  }
  return bytes
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
