import type { Credentials } from './dialect.ts'

/** Adds query parameters to an address that may have some already. */
export function withQuery(base: string, query: Record<string, string> | string[][]): string {
  const added = new URLSearchParams(query).toString()
  return added ? `${base}${base.includes('?') ? '&' : '?'}${added}` : base
}

/** Adds credentials to the address, for backends that look for `token` in the query. */
export function withCredentials(base: string, { token, query }: Credentials): string {
  return withQuery(base, token === undefined ? { ...query } : { ...query, token })
}
