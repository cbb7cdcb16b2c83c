/**
 * Returns the address of an app of Pusher Channels, in its cluster. That of another server is
 * `wss://<host>/app/<key>`.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { pusher, pusherUrl } from 'wirefold/dialects/pusher'
 *
 * new RealtimeClient(pusherUrl({ key: 'app-key', cluster: 'eu' }), { dialect: pusher })
 */
export function pusherUrl({ key, cluster }: PusherApp): string {
  return `wss://ws-${cluster}.pusher.com/app/${key}`
}

/** An app of Pusher Channels. */
export interface PusherApp {
  /** The public key of the app. */
  readonly key: string
  /** The cluster of the app, such as `eu` or `mt1`. */
  readonly cluster: string
}
