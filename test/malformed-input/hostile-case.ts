/** Lets time pass between two frames. */
export class Pause {
  readonly ms: number

  constructor(ms: number) {
    this.ms = ms
  }
}

/** What the frames of a case may bring about; whatever is not named must not happen. */
export interface Effect {
  /** The codes of the client's `error` events, in order. */
  readonly errors?: readonly string[]
  /** The types of the events that the handler of the channel `wanted` is given, in order. */
  readonly events?: readonly string[]
  /** The keys of the entities that come to be. */
  readonly entities?: readonly string[]
  /** What becomes of the request that waits for its answer: its value, or the code it fails with. */
  readonly answer?: { readonly value: unknown } | { readonly error: string }
  /** What becomes of the channel whose subscribe waits for its answer. */
  readonly asked?: 'live' | 'refused'
  /** What becomes of the channel `wanted`. */
  readonly wanted?: 'refused'
  /** The types of the messages the client sends because of it. */
  readonly says?: readonly string[]
}

/** Frames that no good server sends, and the only thing they may do. */
export interface HostileCase {
  readonly name: string
  /**
   * What the transport hands on, one after the other. In text `<request>` and `<subscribe>` stand
   * for the ids of the request and the subscribe that wait for their answers.
   */
  readonly frames: readonly unknown[]
  readonly effect: Effect
}

/** Values that are of the wrong type for at least one field, as JSON text. */
export const WRONG = {
  null: 'null',
  true: 'true',
  'a number': '7',
  'a text': '"x"',
  'an empty text': '""',
  'a list': '[1]',
  'an object': '{"toString":null,"valueOf":null}',
} as const

/** The effect of a frame that cannot be read. */
export const badFrame: Effect = { errors: ['bad-frame'] }
/** The effect of a frame that means nothing. */
export const nothing: Effect = {}
