import { WirefoldError } from '../base/errors.ts'

/**
 * The address to open a WebSocket at: one that is relative, or of a page, is taken from the page with
 * the scheme that goes with it.
 *
 * Throws `bad-url` for what is none, and for one without TLS that leaves this machine.
 *
 * @param allowInsecure lets that go without TLS
 * @param page where relative addresses begin
 */
export function socketAddress(url: string, allowInsecure: boolean, page = pageAddress()): string {
  const { protocol, hostname, href } = parsed(url, page)
  if (!/^wss?:$/.test(protocol)) throw badUrl(url)
  if (protocol === 'ws:' && !allowInsecure && !isLoopback(hostname)) {
    const message = `${url} is open to whoever is on the way. Give a wss: address, or set allowInsecure.`
    throw new WirefoldError('bad-url', message, { url })
  }
  // As it was given, where it is whole: what `URL` makes of it can differ in a slash.
  return /^wss?:/.test(url) ? url : href
}

/** The error for an address that is none of a WebSocket. */
export function badUrl(url: string, cause?: unknown): WirefoldError {
  const message = `${url} cannot be opened as a WebSocket. Give a ws: or wss: address.`
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
