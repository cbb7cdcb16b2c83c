import type { Cancel } from '../../base/clock.ts'
import type { User } from '../access/hooks.ts'
import type { ReadCommand } from './frame-reader.ts'

/** The largest first frame, in bytes: a stranger gets less room. */
export const FIRST_FRAME_BYTES = 16 * 1024
/** How much may wait while the greeting is being settled, in bytes. */
export const HELD_BYTES = 256 * 1024

/** Where a connection stands. */
export type SessionPhase =
  /** Nothing was said yet. */
  | { readonly name: 'waiting'; readonly cancel: Cancel }
  /** It was greeted, and what follows is held until it is known who greets. */
  | {
      readonly name: 'greeting'
      readonly cancel: Cancel
      readonly held: ReadCommand[]
      bytes: number
    }
  | {
      readonly name: 'open'
      readonly user: User | null
      readonly senderId: string | undefined
      /** What the client calls its device. */
      readonly device: string | undefined
    }
  | { readonly name: 'closed'; readonly user: User | null | undefined }
