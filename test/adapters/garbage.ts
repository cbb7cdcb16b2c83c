import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Gives this process the `gc` it would have under `--expose-gc`. */
export function exposeGarbageCollector(): void {
  setFlagsFromString('--expose-gc')
  Object.assign(globalThis, { gc: runInNewContext('gc') })
}
