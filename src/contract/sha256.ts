/**
 * Returns the SHA-256 of a text in UTF-8 as 64 hex digits. The `crypto` of browsers has only one that
 * returns a promise, and none where the page is not secure.
 */
export function sha256(text: string): string {
  const { round, state } = constants()
  const words = padded(new TextEncoder().encode(text))
  const schedule = new Uint32Array(64)
  for (let block = 0; block < words.length; block += 16) {
    schedule.set(words.subarray(block, block + 16))
    compress(state, schedule, round)
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
}

/** Returns the message in words, with a one, zeros, and its length in bits behind it. */
function padded(bytes: Uint8Array): Uint32Array {
  const blocks = Math.ceil((bytes.length + 9) / 64)
  const view = new DataView(new ArrayBuffer(blocks * 64))
  for (const [at, byte] of bytes.entries()) view.setUint8(at, byte)
  view.setUint8(bytes.length, 0x80)
  view.setUint32(view.byteLength - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(view.byteLength - 4, bytes.length << 3)
  return Uint32Array.from({ length: blocks * 16 }, (_, at) => view.getUint32(at * 4))
}

/** Adds one block to the state (FIPS 180-4, section 6.2.2). */
function compress(state: Uint32Array, schedule: Uint32Array, round: Uint32Array): void {
  for (let at = 16; at < 64; at++) {
    const [early, late] = [word(schedule, at - 15), word(schedule, at - 2)]
    const first = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const second = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    schedule[at] = word(schedule, at - 16) + first + word(schedule, at - 7) + second
  }
  const own = Uint32Array.from(state)
  for (let at = 0; at < 64; at++) {
    const [a, b, c, e] = [word(own, 0), word(own, 1), word(own, 2), word(own, 4)]
    const [f, g, h] = [word(own, 5), word(own, 6), word(own, 7)]
    const mixed = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
    const chosen = (e & f) ^ (~e & g)
    const one = h + mixed + chosen + word(round, at) + word(schedule, at)
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    own.copyWithin(1, 0, 7)
    own[4] = word(own, 4) + one
    own[0] = one + two
  }
  for (const [at, value] of own.entries()) state[at] = word(state, at) + value
}

/** Returns the first 32 bits of the fractions of the square and cube roots of the first primes. */
function constants(): { readonly state: Uint32Array; readonly round: Uint32Array } {
  const primes: number[] = []
  for (let number = 2; primes.length < 64; number++) {
    if (primes.every((prime) => number % prime)) primes.push(number)
  }
  const bits = (root: number): number => (root % 1) * 2 ** 32
  const round = Uint32Array.from(primes, (prime) => bits(Math.cbrt(prime)))
  return { state: Uint32Array.from(primes.slice(0, 8), (prime) => bits(Math.sqrt(prime))), round }
}

function turn(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by))
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0
}
