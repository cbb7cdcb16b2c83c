import type { ClientOptions, Subscription } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import type { SseDialectOptions } from 'wirefold/dialects/sse'
import { sse } from 'wirefold/dialects/sse'
import type { SseStreamsOptions } from 'wirefold/transports'
import { sseStreamsTransport, sseTransport } from 'wirefold/transports'
import { connect } from '../../support/live.ts'

/** A stream for each channel, as the options of the dialect. */
export const perChannel: SseDialectOptions = {
  stream: (channel) => ({ url: `/sub/${encodeURIComponent(channel)}` }),
  request: ({ type, payload }) => ({ url: `/api/${type}`, body: payload }),
  replays: true,
}

/** One stream for all channels, at the address of the client. */
export const shared: SseDialectOptions = {
  request: ({ type, payload }) => ({ url: `/api/${type}`, body: payload }),
  replays: true,
}

/** One stream, whose address names the channels. */
export const hub: SseDialectOptions = {
  sharedStream: (channels) => ({
    url: `/hub?${new URLSearchParams(channels.map((channel) => ['topic', channel]))}`,
  }),
  replays: true,
}

/** A client of the dialect, and what its channels deliver: `type` and the field `text`. */
export function following(
  url: string,
  options: SseDialectOptions,
  transport: SseStreamsOptions = {},
  more: ClientOptions = {},
) {
  const isStreams = options.stream !== undefined || options.sharedStream !== undefined
  const made = connect(url, {
    dialect: sse(options),
    transport: isStreams
      ? sseStreamsTransport(transport)
      : sseTransport({ ...transport, messages: 'http' }),
    auth: () => 't-ana',
    ...more,
  })
  const channels = new ChannelSubscriber(made.client)
  return {
    ...made,
    channels,
    /** Subscribes to a channel; returns the texts that it delivers, and the names of its statuses. */
    follow(channel: string, params?: unknown) {
      const received: unknown[] = []
      const handle: Subscription = channels.subscribe(
        channel,
        (payload: { readonly text?: unknown }, { type }) =>
          received.push(`${type} ${payload.text ?? JSON.stringify(payload)}`),
        { params },
      )
      const statuses: string[] = []
      handle.status.subscribe(({ name }) => statuses.push(name))
      return { received, handle, statuses }
    },
  }
}
