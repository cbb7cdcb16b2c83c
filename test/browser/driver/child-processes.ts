import { readdir, readFile } from 'node:fs/promises'

/** A process of this machine. */
export interface Process {
  readonly pid: number
  /** The name of its executable; Linux truncates it to 15 characters. */
  readonly name: string
}

/** Returns the children of a process, from /proc. */
export async function childProcesses(parent: number): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // The process may have ended meanwhile.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const [, name = '', of] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? []
      return Number(of) === parent ? [{ pid: Number(pid), name }] : []
    }),
  )
  return found.flat()
}
