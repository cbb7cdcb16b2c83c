/** Receives the log of a client, one call per line. */
export type Logger = (area: LogArea, message: string) => void

/** Area of the client that a log line belongs to. */
export type LogArea = 'connection' | 'channels' | 'requests' | 'errors'

/**
 * Returns a logger on `console.debug` for the areas that a setting of the `debug` package names,
 * such as `wirefold:*` or `wirefold:requests`; `undefined` if it names none.
 */
export function debugLogger(setting: string): Logger | undefined {
  const patterns = setting.split(/[\s,]+/)
  const isNamed = (area: string): boolean => patterns.some((pattern) => names(pattern, area))
  if (!['connection', 'channels', 'requests', 'errors'].some(isNamed)) return undefined
  return (area, message) => {
    if (isNamed(area)) console.debug(`wirefold:${area} ${message}`)
  }
}

/**
 * Returns a name chosen by a peer or an application in a form safe for a log: cut to 64 characters,
 * and with every character escaped that moves the cursor, ends the line, or turns the reading
 * direction.
 */
export function loggable(name: string): string {
  const text = JSON.stringify(name.slice(0, 64)).slice(1, -1)
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`,
  )
}

function names(pattern: string, area: string): boolean {
  const name = `wirefold:${area}`
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}
