/** Longest time for which the network of a page stays frozen, in milliseconds. */
export const FREEZE_MS = 20_000

/** Time that data takes in each direction on a slow network, in milliseconds. */
export const SLOW_MS = 500

/** A fault that the demo's server can cause, or its end. */
export type Fault = Cause | 'join' | 'thaw' | 'fast' | 'accept'

type Cause = 'disconnect' | 'cut' | 'freeze' | 'slow' | 'reject' | 'restart' | 'restart-document'
