/** Turns wire values into what a transport carries, and back. */
export interface Codec {
  readonly name: string
  encode(wire: unknown): string
  /**
   * Throws a `bad-frame` error where the data is not a value of this codec.
   */
  decode(data: unknown): unknown
  /** Several encoded values as one that decodes to their array. */
  join(encoded: readonly string[]): string
}
