import { channelName, channelWith } from '../../protocol/channel-name.ts'
import { isFields } from '../../protocol/fields.ts'

/**
 * Returns the identifier of a channel, the JSON text by which messages name a subscription. Servers
 * compare identifiers byte for byte, so that equal parameters must give the same text.
 */
export function identifierOf(channel: string): string {
  const name = channelName(channel)
  const params = channel.slice(name.length + 1)
  return `{"channel":${JSON.stringify(name)}${params[1] === '"' ? `,${params.slice(1)}` : '}'}`
}

/**
 * Returns the channel of a class of channels with parameters, which identify it; the class itself where
 * there are none. `undefined` for what cannot be part of an identifier.
 */
export function cableChannel(name: string, params: unknown): string | undefined {
  if (!isFields(params) || 'channel' in params) return undefined
  const channel = channelWith(name, params)
  return channel === `${name}\n{}` ? name : channel
}
