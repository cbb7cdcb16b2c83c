/*
 * What the page and its server have to agree on: names of channels, names of requests, and the
 * shapes that travel with them. Everything else about a process is the gateway's own (`wirefold/dialects/duui`).
 */

/** The channel on which the server tells that another process began. */
export const PROCESSES = 'processes'
/** The channel of the machine's figures, one event a second. */
export const MACHINE = 'machine'

/** The process that runs now; the payload of `process:started` and the reply to `process:current`. */
export interface CurrentProcess {
  readonly id: string
}

/** How the machine is doing; the payload of `machine:figures`, and a context of its own kind. */
export interface Figures {
  readonly kind: 'Figures'
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** Processes that ran or waited to run, averaged over a minute. */
  readonly load: number
  /** How many processors there are. */
  readonly cores: number
  /** Bytes in use, and bytes there are. */
  readonly memory: { readonly used: number; readonly total: number }
  /** How late the event loop was, in milliseconds: at worst within the second. */
  readonly delayMs: number
}

/** How many figures are kept, on the server and on the page. */
export const KEPT_FIGURES = 60

/** How long the network of a page stays frozen unless it thaws before, in milliseconds. */
export const FREEZE_MS = 20_000
