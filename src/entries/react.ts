'use client'

/*
 * The hooks for the graph of React Server Components, where the directive makes them the browser's.
 * package.json names this file under the condition `react-server` only, since other bundlers warn of
 * a directive they do not know; react-hooks.ts is the same for all others.
 */

export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { EntitySource } from '../adapters/binding/entity-types.ts'
export type { ListHook, PresenceHook, RequestHook } from '../adapters/binding/hook-types.ts'
export type { ListActions, ListHookOptions, ListView } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions } from '../adapters/binding/realtime-parts.ts'
export type { RequestView } from '../adapters/binding/request-binding.ts'
export type { ChannelSource, IsEqual } from '../adapters/react.ts'
export { useOwned, useProvided, useReadable, useSubscription } from '../adapters/react.ts'
export type { RealtimeHooks, RealtimeProviderProps } from '../adapters/react-realtime.ts'
export { createRealtimeHooks } from '../adapters/react-realtime.ts'
export type { RealtimeClient } from '../client/realtime-client.ts'
export type { PendingMutation } from '../optimistic/optimistic-options.ts'
export type { EventFrame } from '../protocol/frame.ts'

/*
 * Types that only the types above use: the declarations of an application name them by these.
 */

/** The types behind the hooks for entities. */
export type * as EntityTypes from '../adapters/binding/entity-types.ts'
/** The types behind the hooks. */
export type * as HookTypes from '../adapters/binding/hook-types.ts'
