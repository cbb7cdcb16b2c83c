/** Encodes wire values for a transport, and decodes them. */
export interface Codec {
  readonly name: string
  encode(wire: unknown): string
  /** Decodes data of a transport; throws a `bad-frame` error if it is not a value of this codec. */
  decode(data: unknown): unknown
  /** Joins encoded values into one that decodes to their array. */
  join(encoded: readonly string[]): string
}
