/** One object in the path of a stream: its type and id. */
export type StreamStep = readonly [type: string, id: string | number]

/** The parts of a stream's name. */
export interface StreamName {
  /** Objects from the outermost to the innermost; ids as text. */
  readonly path: readonly (readonly [type: string, id: string])[]
  /** Field of the innermost object. */
  readonly field: string
}

/** Builds and parses the names of streams: any number of `type:id`, then a field. */
export const streamName = {
  /**
   * Builds a name.
   *
   * @example
   * import { streamName } from 'wirefold/dialects/streams'
   *
   * streamName.of('chat', ['stream', 123], ['thread', 345])   // 'stream:123:thread:345:chat'
   */
  of: (field: string, ...path: readonly StreamStep[]): string => [...path.flat(), field].join(':'),

  /** Parses a name; returns `undefined` if it does not consist of pairs and a field. */
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
