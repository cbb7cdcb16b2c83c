/** The part of a `QueryClient` of TanStack Query that a bridge uses. */
export interface QueryClientLike {
  /** Returns the cache with all queries of the client. */
  getQueryCache(): QueryCacheLike
  /** Replaces the data of a query by the result of `update`; `undefined` leaves it as it is. */
  setQueryData(queryKey: QueryKey, update: (data: unknown) => unknown): unknown
  /** Marks queries as invalid, and fetches those again that are in use. */
  invalidateQueries(filters: QueryFilters): Promise<void>
  /** Returns the number of queries that are being fetched. */
  isFetching(filters: QueryFilters & { predicate?(query: QueryLike): boolean }): number
}

/** The part of a `QueryCache` that a bridge uses. */
export interface QueryCacheLike {
  /** Returns the query of a key. */
  find(filters: QueryFilters): QueryLike | undefined
  /** Calls `run` with every change of a query, until the returned function is called. */
  subscribe(run: (event: { readonly type: string; readonly query: QueryLike }) => void): () => void
}

/** The part of a `Query` that a bridge uses. */
export interface QueryLike {
  /** The data and the state of its fetch. */
  readonly state: { readonly data: unknown; readonly fetchStatus: string }
  /** Returns the number of components, or other observers, that use the query. */
  getObserversCount(): number
}

/** The key of a query. */
export type QueryKey = readonly unknown[]

/** Selects the queries whose key begins with `queryKey`; with `exact`, the query of this key. */
export interface QueryFilters {
  /** The key, or the beginning of the keys, of the queries. */
  readonly queryKey: QueryKey
  /** Whether only the query of exactly this key is meant. */
  readonly exact?: boolean
}
