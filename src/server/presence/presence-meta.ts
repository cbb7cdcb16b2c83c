import { WirefoldError } from '../../base/errors.ts'
import { isChannel, presenceChannel } from '../../protocol/channel-name.ts'

/** The most a member may tell of itself, in bytes of JSON. */
const LARGEST_META = 4096

/**
 * What a member tells of itself as JSON text, `undefined` for nothing.
 *
 * Throws `too-large` above 4 KiB, and a `TypeError` where it is not JSON.
 */
export function presenceMeta(meta: unknown): string | undefined {
  const json = toJson(meta)
  const bytes = json === undefined ? 0 : Buffer.byteLength(json)
  if (bytes <= LARGEST_META) return json
  throw new WirefoldError(
    'too-large',
    `The meta of a member has ${bytes} bytes as JSON; give it at most ${LARGEST_META}.`,
    { bytes, limit: LARGEST_META },
  )
}

/** Whether somebody can be at a resource: its channel has a name, and is no family. */
export function isResource(resource: string): boolean {
  const channel = presenceChannel(resource)
  return resource !== '' && isChannel(channel) && !channel.endsWith(':*')
}

function toJson(meta: unknown): string | undefined {
  try {
    return JSON.stringify(meta)
  } catch (cause) {
    throw new TypeError(
      'The meta of a member is not JSON. Give plain data, without cycles or BigInt.',
      {
        cause,
      },
    )
  }
}
