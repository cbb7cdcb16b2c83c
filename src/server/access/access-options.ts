import type { ClientAddress } from './client-address.ts'
import type {
  Authenticate,
  Authorize,
  CanConnect,
  CanReceive,
  CanSee,
  ValidateChannel,
} from './hooks.ts'

/** Hooks by which the application decides which clients may connect, and what they may do. */
export interface AccessOptions {
  /**
   * Decides about an upgrade request, by its cookies and headers, before there is a socket. If it
   * throws, returns anything but `true`, or takes longer than 5 seconds, the response is 401. The
   * user still comes from `authenticate`.
   * @default all requests are allowed
   */
  readonly canConnect?: CanConnect | undefined
  /**
   * Returns the user of a connection. Called when a client sends its hello, and when it renews its
   * credentials. If it throws, or takes longer than `helloTimeoutMs`, the client is refused.
   * @default every user is anonymous
   */
  readonly authenticate?: Authenticate | undefined
  /**
   * Validates every channel name a client sends, before `authorize` is called. If it throws, or
   * returns anything but `true`, the client receives `bad-channel`.
   * @default every name is valid
   * @example
   * import { createRealtimeServer } from 'wirefold/server'
   *
   * createRealtimeServer({ validateChannel: (name) => /^(?:news|session:[\da-f-]{36})$/.test(name) })
   */
  readonly validateChannel?: ValidateChannel | undefined
  /**
   * Decides about subscribes, publishes, presence joins and updates, and requests with a channel.
   * If it throws, returns anything but `true`, or takes longer than 5 seconds, the client receives
   * `forbidden`. Regardless of this hook, only the user with that id may subscribe to `user:<id>`.
   *
   * A subscribe that is allowed with `true` may resume as far back as the history reaches. With
   * `{ since }` it reaches no further back than to that time or position; a `since` that is neither
   * a valid `Date` nor a position denies, and is reported.
   * @default everything is allowed but publishing
   * @example
   * import { createRealtimeServer } from 'wirefold/server'
   *
   * createRealtimeServer({
   *   async authorize(user, channel, action) {
   *     const since = await joinedAt(user, channel)
   *     return action === 'subscribe' && since !== undefined ? { since } : since !== undefined
   *   },
   * })
   */
  readonly authorize?: Authorize | undefined
  /**
   * Decides for every event and every subscriber. If it throws, or returns anything but `true`, the
   * event is withheld. The client sees no gap, as the next event carries the offset of the last one
   * delivered.
   * @default every subscriber gets every event
   */
  readonly canReceive?: CanReceive | undefined
  /**
   * Decides for every user present at a resource and every client that watches it. If it throws, or
   * returns anything but `true`, the user is hidden. Users always see themselves.
   * @default every watcher sees all users
   */
  readonly canSee?: CanSee | undefined
  /**
   * Returns the address whose limits a connection counts for. Behind proxies that append to
   * `X-Forwarded-For`, use `behindProxies`.
   * @default the peer's address, unless that is of this machine or a private network
   */
  readonly clientAddress?: ClientAddress | undefined
}
