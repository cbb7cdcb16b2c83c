import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Returns the heap size in bytes after a garbage collection. */
export function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}
