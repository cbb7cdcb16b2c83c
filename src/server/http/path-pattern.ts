import { badOption } from '../../base/errors.ts'

/** A compiled path pattern: returns the parameters of a matching path, else `undefined`. */
export type PathPattern = (path: string) => PathParams | undefined

/** The values of the `:name` parts of a path, by name. */
export type PathParams = ReadonlyMap<string, string>

/**
 * Compiles a path such as `/ws/processes/:id/events`: each `:name` matches one segment, which is
 * percent-decoded and not empty; everything else is compared exactly.
 *
 * Throws `bad-option` if the pattern is no path.
 */
export function pathPattern(pattern: string): PathPattern {
  if (!pattern.startsWith('/') || /[?#*]/.test(pattern)) {
    const rule =
      'Use one that begins with "/", without "?", "#" and "*"; ":name" stands for any segment.'
    throw badOption('path', `"${pattern}" is no path of a mount. ${rule}`)
  }
  const parts = pattern.split('/')
  const none: PathParams = new Map()
  if (!parts.some(isParam)) return (path) => (path === pattern ? none : undefined)
  return (path) => {
    const segments = path.split('/')
    if (segments.length !== parts.length) return undefined
    const params = new Map<string, string>()
    for (const [at, part] of parts.entries()) {
      const segment = segments[at] ?? ''
      if (!isParam(part)) {
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

function isParam(part: string): boolean {
  return part.startsWith(':')
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
