const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Returns an unguessable id of 22 URL-safe characters (132 random bits).
 *
 * Uses `crypto.getRandomValues`, since `crypto.randomUUID` is missing on pages served over plain
 * http.
 */
export function randomId(): string {
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(22))) id += ALPHABET[byte & 63]
  return id
}
