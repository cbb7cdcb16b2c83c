import type { EntityApi, MutationContext } from 'wirefold'
import { settle } from 'wirefold/testing'

/** A call that a backend has not answered yet. */
export interface Call {
  readonly args: readonly unknown[]
  readonly context: MutationContext
  /** Answers it, and waits until that has arrived. */
  resolve(result?: unknown): Promise<void>
  /** Refuses it, and waits until that has arrived. */
  reject(error?: unknown): Promise<void>
}

/** A backend that answers when the test says so. */
export function controlledApi() {
  const calls: Call[] = []
  const call =
    (name: string) =>
    (...given: readonly unknown[]): Promise<unknown> => {
      const context = given.at(-1) as MutationContext
      return new Promise((resolve, reject) => {
        calls.push({
          args: [name, ...given.slice(0, -1)],
          context,
          resolve(result) {
            resolve(result)
            return settle()
          },
          reject(error = new Error('no')) {
            reject(error)
            return settle()
          },
        })
      })
    }
  const api: EntityApi = { create: call('create'), update: call('update'), delete: call('delete') }
  return {
    api,
    calls,
    get last(): Call {
      const last = calls.at(-1)
      if (!last) throw new Error('Nothing was called.')
      return last
    },
  }
}
