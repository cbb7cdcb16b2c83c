/** A step on the way to a stream's field: the type of an object and its id. */
export type StreamStep = readonly [type: string, id: string | number]

/** A stream's name, taken apart. */
export interface StreamName {
  /** The objects it is of, from the outermost to the innermost; ids as text. */
  readonly path: readonly (readonly [type: string, id: string])[]
  /** What of the innermost object it carries. */
  readonly field: string
}

/** The names of streams: `type:id`, as often as needed, then a field. */
export const streamName = {
  /**
   * Puts a name together.
   *
   * @example
   * streamName.of('chat', ['stream', 123], ['thread', 345])   // 'stream:123:thread:345:chat'
   */
  of: (field: string, ...path: readonly StreamStep[]): string => [...path.flat(), field].join(':'),

  /** Takes a name apart; `undefined` where it does not consist of pairs and a field. */
  parse(name: string): StreamName | undefined {
    const parts = name.split(':')
    if (parts.length % 2 === 0 || parts.includes('')) return undefined
    const path: [string, string][] = []
    for (let at = 0; at + 2 < parts.length; at += 2) {
      path.push([parts[at] ?? '', parts[at + 1] ?? ''])
    }
    return { path, field: parts[parts.length - 1] ?? '' }
  },
} as const
