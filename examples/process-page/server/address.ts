/** The path and the query of a request; unlike `new URL` it takes whatever a peer may send. */
export function addressOf(url = '/'): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '/', query = ''] = url.split('?')
  return { path, query: new URLSearchParams(query) }
}
