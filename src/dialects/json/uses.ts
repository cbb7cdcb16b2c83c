import type { JsonSend } from './declaration.ts'

/** The most reads of a function in one call: one that follows a list to its end would not return. */
const MOST_READS = 1_000

/**
 * Calls each function of `send` once, and returns the fields that it reads, as `since in send.subscribe`.
 * `number` is an `id`, too.
 */
export function usesOf(send: JsonSend): ReadonlySet<string> {
  const used = new Set<string>()
  for (const [kind, write] of Object.entries(send)) {
    let reads = 0
    /** A value that a function can use as an object, a list, a text or a function: each of its fields is this value, too. */
    const anything: never = new Proxy(Object, {
      get(_, field) {
        if (reads++ > MOST_READS) throw new Error('too many reads')
        return field === Symbol.toPrimitive ? () => '' : anything
      },
      apply: () => anything,
    }) as never
    const call = new Proxy(Object.create(null), {
      get(_, field) {
        for (const name of field === 'number' ? ['id', field] : [field]) {
          used.add(`${String(name)} in send`).add(`${String(name)} in send.${kind}`)
        }
        return anything
      },
    })
    try {
      write?.(call)
    } catch {
      // The function needs a real call; it has read its fields before.
    }
  }
  return used
}
