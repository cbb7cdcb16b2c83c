import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { firstMatch } from './first-match.ts'

/** A screen in memory, for a browser that cannot do without one. */
export interface XDisplay {
  /** As in the environment variable `DISPLAY`. */
  readonly name: string
  close(): Promise<void>
}

/** Starts Xvfb on a display that is free. */
export async function openXDisplay(): Promise<XDisplay> {
  const child = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  )
  const exited = once(child, 'exit')
  // Where it cannot be spawned `firstMatch` rejects; this one is only waited for by `close`.
  exited.catch(() => {})
  const number = await firstMatch(child, child.stdio[3] as Readable, /(\d+)\n/)
  return {
    name: `:${number}`,
    async close() {
      // Not SIGKILL, at which it would leave its lock.
      child.kill('SIGTERM')
      await exited
    },
  }
}
