export type { ChannelSource, IsEqual } from '../adapters/react.ts'
export { useOwned, useProvided, useReadable, useSubscription } from '../adapters/react.ts'
