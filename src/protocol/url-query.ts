import type { Credentials } from './dialect.ts'

/** Adds query parameters to an address, which may have some already. */
export function withQuery(base: string, query: Record<string, string> | string[][]): string {
  const added = new URLSearchParams(query).toString()
  return added ? `${base}${base.includes('?') ? '&' : '?'}${added}` : base
}

/** Adds credentials to an address, for backends that read `token` from the query. */
export function withCredentials(base: string, { token, query }: Credentials): string {
  return withQuery(base, { ...query, ...(token !== undefined && { token }) })
}
