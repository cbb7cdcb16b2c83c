/** A stream's entry: its id, and its fields with their values in turn. */
export interface StreamEntry {
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}

/** A reply that is a list; empty where it is none. */
export function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : []
}

/** The entries of a stream. */
export function entriesOf(reply: unknown): readonly StreamEntry[] {
  return listOf(reply).map((entry) => {
    const [id, fields] = listOf(entry)
    return { id: String(id), fields: new Map(pairsOf(fields).map(([k, v]) => [k, String(v)])) }
  })
}

/**
 * What XREAD tells, by the key of the stream. RESP2 has a list of pairs for it and RESP3 a map, which
 * client libraries make into a `Map`, an object, or a flat list.
 */
export function streamsOf(reply: unknown): ReadonlyMap<string, readonly StreamEntry[]> {
  return new Map(pairsOf(reply).map(([key, entries]) => [key, entriesOf(entries)]))
}

/** What pairs a name with a value: a map, an object, a list of pairs, or a flat list. */
export function pairsOf(reply: unknown): readonly (readonly [string, unknown])[] {
  if (reply instanceof Map) return Array.from(reply, ([key, value]) => [String(key), value])
  if (!Array.isArray(reply)) return Object.entries(reply ?? {})
  if (Array.isArray(reply[0])) return reply.map(([key, value]) => [String(key), value])
  const pairs: [string, unknown][] = []
  for (let at = 0; at + 1 < reply.length; at += 2) pairs.push([String(reply[at]), reply[at + 1]])
  return pairs
}
