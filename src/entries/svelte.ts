export type {
  CreateSubscriber,
  Rune,
  SvelteKind,
  SvelteReadable,
  SvelteWritable,
} from '../adapters/svelte.ts'
export { fromReadable, svelteStores } from '../adapters/svelte.ts'
