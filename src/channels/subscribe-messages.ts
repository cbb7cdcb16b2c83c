import type { Channel } from './channel.ts'

/** Maximum total length of the names in one message, which keeps a message under 16 KiB. */
const NAMES_PER_MESSAGE = 4_000

/** Splits channels into parts whose names fit into one message. */
export function* chunks(channels: readonly Channel[]): Generator<readonly Channel[]> {
  let chunk: Channel[] = []
  let length = 0
  for (const channel of channels) {
    length += channel.name.length
    if (length > NAMES_PER_MESSAGE && chunk.length > 0) {
      yield chunk
      chunk = []
      length = channel.name.length
    }
    chunk.push(channel)
  }
  if (chunk.length > 0) yield chunk
}
