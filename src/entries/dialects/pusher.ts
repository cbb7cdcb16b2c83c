/**
 * The protocol of Pusher Channels, Laravel Reverb and Soketi.
 *
 * @module wirefold/dialects/pusher
 */

export type { ChannelAuthOptions } from '../../dialects/pusher/channel-auth.ts'
export { withChannelAuth } from '../../dialects/pusher/channel-auth.ts'
export type { Decrypt } from '../../dialects/pusher/decryption.ts'
export { withDecryption } from '../../dialects/pusher/decryption.ts'
export { pusher } from '../../dialects/pusher/dialect.ts'
export type { PusherApp } from '../../dialects/pusher/url.ts'
export { pusherUrl } from '../../dialects/pusher/url.ts'
