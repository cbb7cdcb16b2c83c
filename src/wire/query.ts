/** Adds query parameters to an address that may have some already. */
export function withQuery(base: string, query: Readonly<Record<string, string>>): string {
  const added = new URLSearchParams(query).toString()
  return added ? `${base}${base.includes('?') ? '&' : '?'}${added}` : base
}
