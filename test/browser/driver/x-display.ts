import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { firstMatch } from './first-match.ts'

/** A virtual display, for a browser that has no headless mode. */
export interface XDisplay {
  /** The value of the environment variable `DISPLAY`. */
  readonly name: string
  close(): Promise<void>
}

/** Starts Xvfb on a free display. */
export async function openXDisplay(): Promise<XDisplay> {
  const child = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  )
  const exited = once(child, 'exit')
  // If the spawn fails, `firstMatch` rejects; this promise is only awaited by `close`.
  exited.catch(() => {})
  const number = await firstMatch(child, child.stdio[3] as Readable, /(\d+)\n/)
  return {
    name: `:${number}`,
    async close() {
      // Not SIGKILL, which would leave its lock file.
      child.kill('SIGTERM')
      await exited
    },
  }
}
