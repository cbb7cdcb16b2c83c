import { WirefoldError } from '../base/errors.ts'

/**
 * Returns the address at which to open a WebSocket: a relative address is resolved against the
 * page, and `http:` becomes `ws:`, `https:` becomes `wss:`.
 *
 * Throws `bad-url` for an invalid address, and for an unencrypted one to another machine.
 *
 * @param allowInsecure allows unencrypted addresses
 * @param page base of relative addresses
 */
export function socketAddress(url: string, allowInsecure: boolean, page = pageAddress()): string {
  const { protocol, hostname, href } = parsed(url, page)
  if (!/^wss?:$/.test(protocol)) throw badUrl(url)
  if (protocol === 'ws:' && !allowInsecure && !isLoopback(hostname)) {
    const message = `${url} is not encrypted. Use wss:, or set \`allowInsecure\`.`
    throw new WirefoldError('bad-url', message, { url })
  }
  // An absolute address is used as given: `URL` may add a slash.
  return /^wss?:/.test(url) ? url : href
}

function badUrl(url: string, cause?: unknown): WirefoldError {
  const message = `${url} cannot be opened as a WebSocket. Use a ws: or wss: address.`
  return new WirefoldError('bad-url', message, { url }, { cause })
}

function parsed(url: string, page: string | undefined): URL {
  try {
    const address = new URL(url, page)
    address.protocol = address.protocol.replace('http', 'ws')
    return address
  } catch (cause) {
    throw badUrl(url, cause)
  }
}

function pageAddress(): string | undefined {
  return typeof location === 'object' ? location.href : undefined
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
