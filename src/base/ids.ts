import { WirefoldError } from './errors.ts'

/**
 * Returns an unguessable id of 22 URL-safe characters (132 random bits).
 *
 * Uses `crypto.getRandomValues`, since `crypto.randomUUID` is missing on pages served over plain
 * http. Throws `no-crypto` where that is missing: servers deduplicate the requests of anonymous users by
 * such ids, so that others must not be able to guess them.
 */
export function randomId(): string {
  const { crypto } = globalThis
  if (!crypto?.getRandomValues) {
    const message =
      'No crypto.getRandomValues. In React Native, import react-native-get-random-values.'
    throw new WirefoldError('no-crypto', message, {})
  }
  const bytes = crypto.getRandomValues(new Uint8Array(22))
  // In one call: V8 would keep 21 partial strings of 32 bytes with an id that is added up.
  return String.fromCharCode(...bytes.map((byte) => codeOf(byte & 63)))
}

/** Returns the code of one of the 64 characters A–Z, a–z, 0–9, `-` and `_`. */
function codeOf(n: number): number {
  return n < 26 ? 65 + n : n < 52 ? 71 + n : n < 62 ? n - 4 : n < 63 ? 45 : 95
}
