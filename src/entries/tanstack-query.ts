/**
 * A bridge between channels and the cache of TanStack Query.
 *
 * @module wirefold/tanstack-query
 */

export type { InvalidationOptions } from '../bridges/tanstack-query/invalidation.ts'
export type { LiveQueryOptions } from '../bridges/tanstack-query/live-query.ts'
export type { BridgedQuery, QueryBridge } from '../bridges/tanstack-query/query-bridge.ts'
export { queryBridge } from '../bridges/tanstack-query/query-bridge.ts'
export type {
  QueryCacheLike,
  QueryClientLike,
  QueryFilters,
  QueryKey,
  QueryLike,
} from '../bridges/tanstack-query/query-client.ts'
