import type { JsonSend } from './declaration.ts'

/** A call of any function of `send`. */
const sample = {
  ...{ token: '', id: '', number: 1, channel: '', type: '', payload: {}, timestamp: 0 },
  ...{ since: undefined, params: undefined, eventId: undefined },
}

/**
 * Calls each function of `send` once, and returns the fields that it reads, as `since in send.subscribe`: a
 * message that carries no id gets no reply. `number` is an `id`, too.
 */
export function usesOf(send: JsonSend): ReadonlySet<string> {
  const used = new Set<string>()
  for (const [kind, write] of Object.entries(send)) {
    const call = new Proxy(sample, {
      get(target, field) {
        for (const name of field === 'number' ? ['id', field] : [field]) {
          used.add(`${String(name)} in send`).add(`${String(name)} in send.${kind}`)
        }
        return Reflect.get(target, field)
      },
    })
    try {
      write?.(call)
    } catch {
      // The function needs the payload of a real call; it has read its fields before.
    }
  }
  return used
}
