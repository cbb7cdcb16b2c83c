/** A fault that begins `at` milliseconds after the start; some last for `ms`. */
export type Fault = { readonly at: number } /** Every connection is reset. */ & (
  | { readonly name: 'rst' }
  /** Every connection is ended by a FIN without a closing handshake. */
  | { readonly name: 'fin' }
  /** Open connections carry no more data, permanently and without an error. */
  | { readonly name: 'half-open' }
  /** On open connections data to the clients is delayed until the end. */
  | { readonly name: 'deaf'; readonly ms: number }
  /** On open connections data to the server is delayed until the end. */
  | { readonly name: 'mute'; readonly ms: number }
  /** On open and new connections all data is delayed until the end. */
  | { readonly name: 'outage'; readonly ms: number }
  /** All data is delayed by `least` to `most` milliseconds. */
  | { readonly name: 'slow'; readonly ms: number; readonly least: number; readonly most: number }
  | { readonly name: 'throttle'; readonly ms: number; readonly bytesPerSecond: number }
  /** Bytes arrive in pieces of 1 to 7. */
  | { readonly name: 'shreds'; readonly ms: number }
  /** Bytes arrive together, four times a second. */
  | { readonly name: 'bursts'; readonly ms: number }
  /** One bit in about `every` bytes of payload is flipped. */
  | { readonly name: 'corrupt'; readonly ms: number; readonly every: number }
  /** Connections are reset, and no server listens. */
  | { readonly name: 'refuse'; readonly ms: number }
  /**
   * The server is replaced: `closed` sends a close frame with 1012, `killed` does not; `drained`
   * lets clients move to its successor within `ms`. With its memory `lost`, histories and stored
   * replies are gone.
   */
  | {
      readonly name: 'restart'
      readonly ms: number
      readonly memory: 'kept' | 'lost'
      readonly how: 'closed' | 'killed' | 'drained'
    }
)

/** Formats a schedule as text, one fault per line. */
export function describeFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ at, name, ...rest }) => {
      const details = Object.entries(rest).map(([key, value]) => `${key} ${value}`)
      return `  ${String(at).padStart(6)} ms  ${[name, ...details].join(' ')}`
    })
    .join('\n')
}
