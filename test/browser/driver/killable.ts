import type { ChildProcess } from 'node:child_process'
import type { BrowserProcess } from './browser-driver.ts'

/** A child process as one that can be killed, and waited for. */
export function killable(child: ChildProcess): BrowserProcess {
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
