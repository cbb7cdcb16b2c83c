/** Encodes wire values for a transport, and decodes them. */
export interface Codec {
  /** Name of the codec. */
  readonly name: string
  /** Encodes a message for a transport. */
  encode(wire: unknown): Encoded
  /** Decodes data of a transport; throws a `bad-frame` error if it is not a value of this codec. */
  decode(data: unknown): unknown
  /** Joins encoded values into one that decodes to their array. */
  join(encoded: readonly Encoded[]): Encoded
}

/** A message as a transport sends it: text, or bytes, which belong to the transport. */
export type Encoded = string | ArrayBuffer
