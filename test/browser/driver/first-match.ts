import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/**
 * Waits until a child process prints what is looked for, and returns the pattern's first group.
 * Rejects with what it printed where it ends instead.
 */
export async function firstMatch(
  child: ChildProcess,
  output: Readable | null,
  pattern: RegExp,
): Promise<string> {
  await once(child, 'spawn')
  let printed = ''
  return new Promise((resolve, reject) => {
    // It stays: a pipe that is read by nothing fills up, and stops the process.
    output?.on('data', (chunk: Buffer) => {
      printed += chunk
      const found = pattern.exec(printed)?.[1]
      if (found) resolve(found)
    })
    child.once('exit', () =>
      reject(new Error(`${child.spawnfile} ended as soon as it was started.\n${printed}`)),
    )
  })
}
