import { WirefoldError } from '../../base/errors.ts'
import { isChannel, presenceChannel } from '../../protocol/channel-name.ts'

/** Maximum size of the meta of a member, in bytes of JSON. */
const LARGEST_META = 4096

/**
 * Serializes the meta of a member as JSON; `undefined` stays `undefined`.
 *
 * Throws `too-large` above 4 KiB, and `bad-payload` if JSON cannot represent it.
 */
export function presenceMeta(meta: unknown): string | undefined {
  const json = toJson(meta)
  const bytes = json === undefined ? 0 : Buffer.byteLength(json)
  if (bytes <= LARGEST_META) return json
  throw new WirefoldError(
    'too-large',
    `The meta of a member has ${bytes} bytes as JSON. Give at most ${LARGEST_META}.`,
    { bytes, limit: LARGEST_META },
  )
}

/** Whether a resource has a valid channel, which is not a family of channels (`:*`). */
export function isResource(resource: string): boolean {
  const channel = presenceChannel(resource)
  return resource !== '' && isChannel(channel) && !channel.endsWith(':*')
}

function toJson(meta: unknown): string | undefined {
  try {
    return JSON.stringify(meta)
  } catch (cause) {
    const message = 'The meta of a member is not JSON. Give plain data, without cycles or BigInt.'
    throw new WirefoldError('bad-payload', message, {}, { cause })
  }
}
