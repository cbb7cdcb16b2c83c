'use client'

/*
 * The hooks for the graph of React Server Components, where the directive makes them the browser's.
 * package.json names this file under the condition `react-server` only, since other bundlers warn of
 * a directive they do not know; react-hooks.ts is the same for all others.
 */

export type { ChannelSource, IsEqual } from '../adapters/react.ts'
export { useOwned, useProvided, useReadable, useSubscription } from '../adapters/react.ts'
