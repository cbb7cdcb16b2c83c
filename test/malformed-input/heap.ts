import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** How many bytes of the heap are in use once everything that can go is gone. */
export function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}
