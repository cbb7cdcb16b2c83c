import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'

/** Shared by all servers of this process, so that {@link isClaimed} ignores their listeners too. */
const ignore = (): void => {}

/**
 * Leaves the socket of an upgrade request to the other upgrade listeners of its HTTP server until a
 * deadline: an unclaimed socket would stay open until its peer closes it.
 *
 * @returns a function that cancels the deadline; safe to call twice
 */
export function watchUnclaimed(tcp: Duplex, options: UnclaimedOptions): () => void {
  const written = bytesWritten(tcp)
  // Node removes its own error listener before `upgrade`: without one, a reset ends the process.
  tcp.on('error', ignore)
  const cancel = options.clock.after(options.deadlineMs, () => {
    tcp.off('close', cancel)
    if (!isClaimed(tcp, written)) options.onUnclaimed()
  })
  tcp.once('close', cancel)
  return () => {
    cancel()
    tcp.off('close', cancel)
  }
}

/** Options of {@link watchUnclaimed}. */
export interface UnclaimedOptions {
  readonly clock: Clock
  /** Time within which another listener has to claim the socket, in milliseconds. */
  readonly deadlineMs: number
  /** Called at the deadline if the socket was not claimed. */
  readonly onUnclaimed: () => void
}

/** Detects another owner: it reads the socket, writes to it, or at least listens to its errors. */
function isClaimed(tcp: Duplex, written: number): boolean {
  if (tcp.destroyed || tcp.writableEnded || bytesWritten(tcp) > written) return true
  const reads = tcp.listenerCount('data') + tcp.listenerCount('readable') > 0
  return reads || tcp.listeners('error').some((listener) => listener !== ignore)
}

function bytesWritten(tcp: Duplex): number {
  return 'bytesWritten' in tcp && typeof tcp.bytesWritten === 'number' ? tcp.bytesWritten : 0
}
