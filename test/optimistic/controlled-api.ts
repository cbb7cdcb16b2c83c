import type { EntityApi, MutationContext } from 'wirefold'
import { settle } from 'wirefold/testing'

/** A call without a result so far. */
export interface Call {
  readonly args: readonly unknown[]
  readonly context: MutationContext
  /** Resolves the call, and waits until the result has been processed. */
  resolve(result?: unknown): Promise<void>
  /** Rejects the call, and waits until the error has been processed. */
  reject(error?: unknown): Promise<void>
}

/** A backend whose replies the test sends. */
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
      if (!last) throw new Error('The API was not called.')
      return last
    },
  }
}
