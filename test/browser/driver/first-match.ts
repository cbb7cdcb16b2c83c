import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/**
 * Waits until a child process prints a match, and returns the pattern's first group. Rejects with
 * the output if the process exits first.
 */
export async function firstMatch(
  child: ChildProcess,
  output: Readable | null,
  pattern: RegExp,
): Promise<string> {
  await once(child, 'spawn')
  let printed = ''
  return new Promise((resolve, reject) => {
    // The listener stays: an unread pipe fills up, and blocks the process.
    output?.on('data', (chunk: Buffer) => {
      printed += chunk
      const found = pattern.exec(printed)?.[1]
      if (found) resolve(found)
    })
    child.once('exit', () =>
      reject(new Error(`${child.spawnfile} exited at its start.\n${printed}`)),
    )
  })
}
