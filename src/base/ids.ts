const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Returns an unguessable id of 22 URL-safe characters (132 random bits).
 *
 * Uses `crypto.getRandomValues`, since `crypto.randomUUID` is missing on pages served over plain
 * http.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(22))
  // Joined, not added up: V8 would keep 21 partial strings of 32 bytes with each id.
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join('')
}
