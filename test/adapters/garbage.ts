import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Defines `gc` in this process, as `--expose-gc` does. */
export function exposeGarbageCollector(): void {
  setFlagsFromString('--expose-gc')
  Object.assign(globalThis, { gc: runInNewContext('gc') })
}
