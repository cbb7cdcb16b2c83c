/**
 * Returns the path and the query of a request; unlike `new URL`, does not throw on invalid input.
 */
export function addressOf(url = '/'): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '/', query = ''] = url.split('?')
  return { path, query: new URLSearchParams(query) }
}
