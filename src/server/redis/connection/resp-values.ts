/** An entry of a stream. */
export interface StreamEntry {
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}

/** Returns a reply as a list; an empty one if it is not a list. */
export function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : []
}

/** Parses the entries of a stream. */
export function entriesOf(reply: unknown): readonly StreamEntry[] {
  return listOf(reply).map((entry) => {
    const [id, fields] = listOf(entry)
    return { id: String(id), fields: new Map(pairsOf(fields).map(([k, v]) => [k, String(v)])) }
  })
}

/**
 * Parses a reply to XREAD: entries by stream key. RESP2 returns a list of pairs, RESP3 a map, which
 * client libraries convert to a `Map`, an object, or a flat list.
 */
export function streamsOf(reply: unknown): ReadonlyMap<string, readonly StreamEntry[]> {
  return new Map(pairsOf(reply).map(([key, entries]) => [key, entriesOf(entries)]))
}

/** Returns the pairs of a map, an object, a list of pairs, or a flat list. */
export function pairsOf(reply: unknown): readonly (readonly [string, unknown])[] {
  if (reply instanceof Map) return Array.from(reply, ([key, value]) => [String(key), value])
  if (!Array.isArray(reply)) return Object.entries(reply ?? {})
  if (Array.isArray(reply[0])) return reply.map(([key, value]) => [String(key), value])
  const pairs: [string, unknown][] = []
  for (let at = 0; at + 1 < reply.length; at += 2) pairs.push([String(reply[at]), reply[at + 1]])
  return pairs
}
