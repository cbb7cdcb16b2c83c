/*
 * Names and payloads that the page and its server share: channels, requests, and their types. All
 * other types of a process are the gateway's (`wirefold/dialects/duui`).
 */

/** The channel of the current process: one event for each new process. */
export const PROCESSES = 'processes'
/** The channel of the machine's figures, one event a second. */
export const MACHINE = 'machine'

/** The current process: the payload of `process:started`, and the reply to `process:current`. */
export interface CurrentProcess {
  readonly id: string
}

/** Measurements of the machine: the payload of `machine:figures`, and a context of its own kind. */
export interface Figures {
  readonly kind: 'Figures'
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** Processes that ran or waited to run, averaged over a minute. */
  readonly load: number
  /** Number of processors. */
  readonly cores: number
  /** Bytes in use, and total bytes. */
  readonly memory: { readonly used: number; readonly total: number }
  /** Longest delay of the event loop within the second, in milliseconds. */
  readonly delayMs: number
}

/** Number of figures that the server and the page keep. */
export const KEPT_FIGURES = 60
