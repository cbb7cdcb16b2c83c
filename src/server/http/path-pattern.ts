/** Compares paths with one pattern. */
export type PathPattern = (path: string) => ReadonlyMap<string, string> | undefined

/**
 * Reads a path such as `/ws/processes/:id/events`: each `:name` stands for one segment, everything
 * else for itself.
 *
 * @returns tells what the names stand for in a path, `undefined` where it is not of the pattern
 */
export function pathPattern(pattern: string): PathPattern {
  if (!pattern.startsWith('/'))
    throw new TypeError(`The path "${pattern}" does not begin with "/".`)
  const parts = pattern.split('/')
  return (path) => {
    const segments = path.split('/')
    if (segments.length !== parts.length) return undefined
    const params = new Map<string, string>()
    for (const [at, part] of parts.entries()) {
      const segment = segments[at] ?? ''
      if (!part.startsWith(':')) {
        if (part !== segment) return undefined
        continue
      }
      const value = decode(segment)
      if (!value) return undefined
      params.set(part.slice(1), value)
    }
    return params
  }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
