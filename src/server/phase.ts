import type { Cancel } from '../base/clock.ts'
import type { Entry } from './entries.ts'
import type { User } from './options.ts'

/** Who asks, as far as a greeting tells. */
export interface Asker {
  readonly user: User | null
  readonly senderId: string | undefined
}

/** Where a connection stands. */
export type Phase =
  | { readonly name: 'waiting'; readonly cancel: Cancel }
  | { readonly name: 'greeting'; readonly cancel: Cancel; readonly held: Entry[]; bytes: number }
  | ({ readonly name: 'open' } & Asker)
  | { readonly name: 'closed'; readonly user: User | null | undefined }
