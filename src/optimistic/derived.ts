import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable } from '../base/store.ts'

/**
 * Returns a store whose value `compute` makes of the values of other stores, anew only when one of
 * these has changed. It follows them while it is followed itself.
 */
export function derived<Values extends readonly unknown[], T>(
  sources: { readonly [Index in keyof Values]: Readable<Values[Index]> },
  compute: (...values: Values) => T,
): Readable<T> {
  const memo = (read: (source: Readable<unknown>) => unknown): (() => T) => {
    let last: { readonly values: readonly unknown[]; readonly value: T } | undefined
    return () => {
      const values = sources.map(read)
      const isSame = last?.values.every((value, index) => Object.is(value, values[index]))
      // The values are read in the order of the sources.
      if (!last || !isSame) last = { values, value: compute(...(values as unknown as Values)) }
      return last.value
    }
  }
  const get = memo((source) => source.get())
  const listen = (run: (value: T) => void): Unsubscribe => {
    let shown = get()
    const changed = (): void => {
      const value = get()
      if (Object.is(value, shown)) return
      shown = value
      run(value)
    }
    const ends = sources.map((source) => source.listen(changed))
    return () => {
      for (const end of ends) end()
    }
  }
  return {
    get,
    listen,
    subscribe(run) {
      const off = listen(run)
      run(get())
      return off
    },
    initial: memo((source) => (source.initial ? source.initial() : source.get())),
  }
}

/** Returns a store that never changes. */
export function constant<T>(value: T): Readable<T> {
  return derived([], () => value)
}
