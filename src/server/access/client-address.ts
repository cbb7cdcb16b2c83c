import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'

/** Returns the address whose limits a request counts for; `undefined` for none. */
export type ClientAddress = (request: AddressedRequest) => string | undefined

/** The parts of a request that identify its origin. */
export interface AddressedRequest {
  readonly headers: IncomingHttpHeaders
  /** The address of the peer, which may be a proxy. */
  readonly remoteAddress: string | undefined
}

/** Loopback, private, link-local and shared networks: RFC 1918, 3927, 4193, 4291, 6598. */
const PRIVATE_NETWORKS = networks([
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
])

/**
 * Returns the peer's address, or `undefined` if it is of this machine or a private network. Such a
 * peer is most often a proxy, so that all clients would share the limits of one address.
 */
export function peerAddress({ remoteAddress }: AddressedRequest): string | undefined {
  const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '')
  if (address === undefined) return undefined
  return PRIVATE_NETWORKS.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') ? undefined : address
}

function networks(list: readonly (readonly [string, number])[]): BlockList {
  const blocks = new BlockList()
  for (const [net, prefix] of list) blocks.addSubnet(net, prefix, isIPv6(net) ? 'ipv6' : 'ipv4')
  return blocks
}
