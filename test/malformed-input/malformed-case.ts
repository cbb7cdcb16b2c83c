/** Lets time pass between two frames. */
export class Pause {
  readonly ms: number

  constructor(ms: number) {
    this.ms = ms
  }
}

/** Expected effects of the frames of a case; any other effect is a failure. */
export interface Effect {
  /** The codes of the client's `error` events, in order. */
  readonly errors?: readonly string[]
  /** The types of the events that the handler of channel `wanted` receives, in order. */
  readonly events?: readonly string[]
  /** The keys of the entities that are created. */
  readonly entities?: readonly string[]
  /** The outcome of the pending request: its value, or its error code. */
  readonly answer?: { readonly value: unknown } | { readonly error: string }
  /** The status of the channel `later`, whose subscribe is pending. */
  readonly later?: 'live' | 'refused'
  /** The status of the channel `wanted`. */
  readonly wanted?: 'refused'
  /** The types of the messages that the client sends in response. */
  readonly sends?: readonly string[]
}

/** Frames that no correct server sends, and their only permitted effects. */
export interface MalformedCase {
  readonly name: string
  /**
   * Frames that the transport delivers, one after the other. In text, `<request>` and `<subscribe>`
   * stand for the ids of the pending request and the pending subscribe.
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
/** The effect of a frame that is ignored. */
export const nothing: Effect = {}
