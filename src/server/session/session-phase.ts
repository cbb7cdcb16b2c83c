import type { Cancel } from '../../base/clock.ts'
import type { HelloCommand } from '../../protocol/command.ts'
import type { GoawayFrame } from '../../protocol/frame.ts'
import type { User } from '../access/hooks.ts'
import type { ReadCommand } from './frame-reader.ts'
import type { SessionPart } from './mount.ts'

/** The supported version of the protocol. */
export const PROTOCOL = 1
/** Maximum size of the first frame, in bytes; smaller, as the client is not authenticated yet. */
export const FIRST_FRAME_BYTES = 16 * 1024
/** Maximum size of the frames buffered during the authentication, in bytes. */
export const HELD_BYTES = 256 * 1024

/** Minimum time before a rate-limited client may reconnect, in milliseconds. */
export const BANNED_MS = 10_000

/** The greeting of a client whose protocol has no hello. */
export const NO_HELLO: HelloCommand = {
  kind: 'hello',
  protocol: PROTOCOL,
  clientId: undefined,
  senderId: undefined,
  token: undefined,
  expectUser: undefined,
  parts: false,
}

/** The phase of a connection that starts with a hello. */
export type SessionPhase =
  /** No hello was received yet. */
  | { readonly name: 'waiting'; readonly cancel: Cancel }
  | GreetingPhase
  | {
      readonly name: 'open'
      readonly user: User | null
      readonly senderId: string | undefined
      /** The text that stands before the ids of the user's events. */
      readonly tag: string
      /** The `clientId` of the hello, which identifies the user's device. */
      readonly device: string | undefined
      /** The part of the mount. */
      readonly part: SessionPart | undefined
    }
  | { readonly name: 'closed'; readonly user: User | null | undefined }

/** The hello is being authenticated; commands after it are buffered. */
export interface GreetingPhase {
  readonly name: 'greeting'
  readonly cancel: Cancel
  readonly held: ReadCommand[]
  /** The size of the frames after that of the hello. */
  bytes: number
  /** Whether the client has closed the connection after its messages. */
  left: boolean
}

/** The drain of the server, for one of its sessions. */
export interface SessionDrain {
  readonly notice: GoawayFrame
  /** Whether the protocol of the session has the notice. */
  readonly asks: boolean
  readonly rested: () => void
}
