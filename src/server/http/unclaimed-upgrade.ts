import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'

/** Known by its identity, so that two servers on one http server do not take each other for an owner. */
const ignore = (): void => {}

/** What is done about a socket that nobody wants. */
export interface UnclaimedParts {
  readonly clock: Clock
  /** How long others may take to claim it, in milliseconds. */
  readonly deadlineMs: number
  /** Called at the deadline, unless it was claimed. */
  readonly nobody: () => void
}

/**
 * Leaves the socket of an upgrade request to the other listeners of its http server, but not for ever:
 * without an owner it would stay open until its peer goes.
 *
 * @returns ends the watch; safe to call twice
 */
export function watchUnclaimed(tcp: Duplex, parts: UnclaimedParts): () => void {
  const written = bytesWritten(tcp)
  // The http server has taken its own listener away: a reset would take the process down.
  tcp.on('error', ignore)
  const cancel = parts.clock.after(parts.deadlineMs, () => {
    tcp.off('close', cancel)
    if (!isClaimed(tcp, written)) parts.nobody()
  })
  tcp.once('close', cancel)
  return () => {
    cancel()
    tcp.off('close', cancel)
  }
}

/** Whoever serves a socket reads it, writes to it, or at least listens to its errors. */
function isClaimed(tcp: Duplex, written: number): boolean {
  if (tcp.destroyed || tcp.writableEnded || bytesWritten(tcp) > written) return true
  const reads = tcp.listenerCount('data') + tcp.listenerCount('readable') > 0
  return reads || tcp.listeners('error').some((listener) => listener !== ignore)
}

function bytesWritten(tcp: Duplex): number {
  return 'bytesWritten' in tcp && typeof tcp.bytesWritten === 'number' ? tcp.bytesWritten : 0
}
