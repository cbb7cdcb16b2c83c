/** Something that goes wrong, `at` milliseconds after the start; some of it lasts for `ms`. */
export type Fault = { readonly at: number } /** Every connection is reset. */ & (
  | { readonly name: 'rst' }
  /** Every connection is ended by a FIN, with no closing handshake before it. */
  | { readonly name: 'fin' }
  /** The present connections carry nothing any more, for good, and nobody is told. */
  | { readonly name: 'half-open' }
  /** On the present connections nothing reaches the clients; it arrives late, when it is over. */
  | { readonly name: 'deaf'; readonly ms: number }
  /** On the present connections nothing reaches the server; it arrives late, when it is over. */
  | { readonly name: 'mute'; readonly ms: number }
  /** Nothing gets through, on new connections neither; it arrives late, when it is over. */
  | { readonly name: 'outage'; readonly ms: number }
  /** Everything takes between `least` and `most` milliseconds. */
  | { readonly name: 'slow'; readonly ms: number; readonly least: number; readonly most: number }
  | { readonly name: 'throttle'; readonly ms: number; readonly bytesPerSecond: number }
  /** Bytes arrive in pieces of 1 to 7. */
  | { readonly name: 'shreds'; readonly ms: number }
  /** Bytes arrive all together, four times a second. */
  | { readonly name: 'bursts'; readonly ms: number }
  /** One bit of about so many bytes of payload is flipped. */
  | { readonly name: 'corrupt'; readonly ms: number; readonly every: number }
  /** Connections are reset, and nobody listens. */
  | { readonly name: 'refuse'; readonly ms: number }
  /**
   * The server goes away and another takes its place: `closed` says goodbye with 1012, `killed` does
   * not; `drained` is left by everybody for its successor, within `ms`. With its memory `lost`,
   * histories and remembered answers are gone.
   */
  | {
      readonly name: 'restart'
      readonly ms: number
      readonly memory: 'kept' | 'lost'
      readonly how: 'closed' | 'killed' | 'drained'
    }
)

/** A schedule as text, one fault a line. */
export function describeFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ at, name, ...rest }) => {
      const details = Object.entries(rest).map(([key, value]) => `${key} ${value}`)
      return `  ${String(at).padStart(6)} ms  ${[name, ...details].join(' ')}`
    })
    .join('\n')
}
