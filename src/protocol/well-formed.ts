/**
 * Whether a text has no half of a surrogate pair, which UTF-8 cannot represent: two names that differ
 * in it would become one, for example on Redis.
 */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text)
}
