import { readdir, readFile } from 'node:fs/promises'

/** A process of this machine. */
export interface Process {
  readonly pid: number
  /** The name of its executable, of which Linux keeps 15 characters. */
  readonly name: string
}

/** The children of a process, as Linux lists them. */
export async function childProcesses(parent: number): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // It may have ended since.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const [, name = '', of] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? []
      return Number(of) === parent ? [{ pid: Number(pid), name }] : []
    }),
  )
  return found.flat()
}
