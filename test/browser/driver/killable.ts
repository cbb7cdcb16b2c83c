import type { ChildProcess } from 'node:child_process'
import type { BrowserProcess } from './browser-driver.ts'

/** Wraps a child process, so that it can be killed and awaited. */
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
