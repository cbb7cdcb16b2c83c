'use client'

/*
 * The hooks for the graph of React Server Components, where the directive above makes them the
 * browser's. It stands in a file of its own since other bundlers warn of a directive they do not know.
 */

export type { ChannelSource, IsEqual } from './react.ts'
export { useOwned, useProvided, useReadable, useSubscription } from './react.ts'
