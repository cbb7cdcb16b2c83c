import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { badOption } from '../../base/errors.ts'

/** Returns the address whose limits a request counts for; `undefined` for none. */
export type ClientAddress = (request: AddressedRequest) => string | undefined

/** The parts of a request that identify its origin. */
export interface AddressedRequest {
  /** The headers of the request. */
  readonly headers: IncomingHttpHeaders
  /** The address of the peer, which may be a proxy. */
  readonly remoteAddress: string | undefined
}

/** The beginning of an IPv4 address in IPv6. */
const MAPPED = /^::ffff:(?=\d+\.)/i

/**
 * Loopback, private, link-local and shared networks: RFC 1918, 3927, 4193, 4291, 6598. A pattern, as
 * a `BlockList` takes 15 times as long for each upgrade request.
 */
const PRIVATE = new RegExp(
  [
    /^(?:127|10|192\.168|169\.254)\./,
    // 172.16.0.0/12 and 100.64.0.0/10
    /^172\.(?:1[6-9]|2\d|3[01])\./,
    /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
    // fc00::/7 and fe80::/10
    /^::1$/,
    /^f[cd][\da-f]{2}:/,
    /^fe[89ab][\da-f]:/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
)

/**
 * Returns the peer's address, or `undefined` if it is of this machine or a private network. Such a
 * peer is most often a proxy, so that all clients would share the limits of one address.
 */
export function peerAddress({ remoteAddress }: AddressedRequest): string | undefined {
  const address = remoteAddress?.replace(MAPPED, '')
  return address === undefined || PRIVATE.test(address) ? undefined : address
}

/**
 * Returns a `clientAddress` for servers behind proxies that append the address of their peer to
 * `X-Forwarded-For`: the last address in it that is none of these proxies.
 *
 * Only what these proxies have appended is read, so that a client cannot choose its address: neither
 * by a header of its own, nor by connecting to the server directly. Other peers, private ones
 * among them, count by their own address.
 *
 * Throws `bad-option` for what is neither an IP address nor a network.
 *
 * @param proxies addresses and networks of the proxies, such as `127.0.0.1` and `10.0.0.0/8`
 * @example
 * import { behindProxies, createRealtimeServer } from 'wirefold/server'
 *
 * createRealtimeServer({ clientAddress: behindProxies(['127.0.0.1', '::1']) })
 */
export function behindProxies(proxies: readonly string[]): ClientAddress {
  const trusted = networks(proxies.map(networkIn))
  return ({ headers, remoteAddress }) => {
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',')
    let address = ipIn(remoteAddress)
    while (address !== undefined && contains(trusted, address)) {
      const before = ipIn(forwarded.pop())
      // No proxy: the request began at this address, or the proxy before wrote none.
      if (before === undefined) break
      address = before
    }
    return address
  }
}

/** Returns the IP address in a text, which may have a port; `undefined` if there is none. */
function ipIn(text = ''): string | undefined {
  const [, bracketed, v4] = /^\s*(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)\s*$/.exec(text) ?? []
  const address = (bracketed ?? v4 ?? text.trim()).replace(MAPPED, '')
  return isIP(address) ? address : undefined
}

function contains(block: BlockList, address: string): boolean {
  return block.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function networkIn(text: string): readonly [string, number] {
  const [, net = '', prefix] = /^([^/]*)(?:\/(\d+))?$/.exec(text) ?? []
  const most = isIPv6(net) ? 128 : 32
  const bits = prefix === undefined ? most : Number(prefix)
  if (isIP(net) && bits <= most) return [net, bits]
  const message = `"${text}" is neither an IP address nor a network. Give behindProxies() such as "127.0.0.1" or "10.0.0.0/8".`
  throw badOption('proxies', message)
}

function networks(list: readonly (readonly [string, number])[]): BlockList {
  const blocks = new BlockList()
  for (const [net, prefix] of list) blocks.addSubnet(net, prefix, isIPv6(net) ? 'ipv6' : 'ipv4')
  return blocks
}
