import type { ClientAddress } from './client-address.ts'
import type {
  Authenticate,
  Authorize,
  CanConnect,
  CanReceive,
  CanSee,
  ValidateChannel,
} from './hooks.ts'

/** The hooks by which an application decides what clients may do. */
export interface AccessOptions {
  /**
   * Asked with the upgrade request, its cookies and headers, before there is a socket. Throwing,
   * anything but `true`, or no answer within 5 seconds is a no, which the peer hears as 401. Who is
   * there is told by `authenticate` all the same.
   * @default everybody may try
   */
  readonly canConnect?: CanConnect | undefined
  /**
   * Tells who is there: asked when a client greets, and when it renews its credentials. Throwing is a
   * refusal, and so is no answer within `helloTimeoutMs`.
   * @default everybody is anonymous
   */
  readonly authenticate?: Authenticate | undefined
  /**
   * Asked about every name of a channel a client gives, before anybody is asked for rights. Throwing
   * is a no, and the client hears `bad-channel`.
   * @default every name is fine
   * @example
   * validateChannel: (name) => !name.startsWith('session:') || UUID.test(name.slice(8))
   */
  readonly validateChannel?: ValidateChannel | undefined
  /**
   * Asked before every subscribe and publish, before somebody is somewhere or tells another meta, and
   * before requests that name a channel. Throwing, anything but `true`, or no answer within 5 seconds
   * is a no. Subscribing to `user:<id>` is refused
   * to everybody but that user before this is asked.
   * @default everything is allowed but publishing
   */
  readonly authorize?: Authorize | undefined
  /**
   * Asked for every event and every subscriber it is due to. Throwing is a no. What is kept from a
   * subscriber leaves no hole: they are told which event they got before.
   * @default every subscriber gets every event
   */
  readonly canReceive?: CanReceive | undefined
  /**
   * Asked for every user at a resource and everybody who watches it. Throwing is a no. Users always
   * see themselves.
   * @default whoever may watch sees everybody
   */
  readonly canSee?: CanSee | undefined
  /**
   * Tells whose limits a connection counts for. Behind a proxy that sets it, this reads the last entry
   * of `X-Forwarded-For`.
   * @default the peer's address, unless that is of this machine or a private network
   */
  readonly clientAddress?: ClientAddress | undefined
}
