import { native } from 'wirefold'
import type { Dialect, Frame } from 'wirefold/dialects'
import { channelName, channelWith, droppedFrame, endedFrame } from 'wirefold/dialects'
import type { Fields } from '../../src/protocol/fields.ts'
import { asFields } from '../../src/protocol/fields.ts'

/** The native dialect with the messages `{type: 'ended', channel}` and `{type: 'dropped', channel}`. */
export function wideDialect(parts: Partial<Dialect> = {}): Dialect {
  const inner = native()
  return {
    ...inner,
    decode(wire): Frame | readonly Frame[] | undefined {
      const { type, channel } = asFields(wire)
      if (typeof channel === 'string' && type === 'ended') return endedFrame(channel)
      if (typeof channel === 'string' && type === 'dropped') return droppedFrame(channel)
      return inner.decode(wire)
    },
    ...parts,
  }
}

/**
 * A dialect whose parameters identify a channel: `{type: 'subscribe', payload: {channels: [channel]},
 * name, params}`, and events that carry the channel in `via`.
 */
export function identifyingDialect(): Dialect {
  const inner = native()
  return wideDialect({
    channelOf: channelWith,
    encode(intent) {
      if (intent.kind !== 'subscribe') return inner.encode(intent)
      const { params, ...rest } = intent
      const [channel = ''] = intent.channels
      return inner.encode(rest)?.map((message) => ({
        ...message,
        wire: { ...(message.wire as Fields), name: channelName(channel), params },
      }))
    },
  })
}
