import { WirefoldError } from '../base/errors.ts'
import { printWarning } from '../base/report.ts'

/**
 * Returns a function that returns the address at which to open a WebSocket: a relative address is
 * resolved against the page, and `http:` becomes `ws:`, `https:` becomes `wss:`.
 *
 * The function throws `bad-url` for an invalid address, and for an unencrypted one to another machine.
 * A page that was itself loaded without encryption may use `ws:` to its own host, which adds no risk;
 * the function warns of it once.
 *
 * @param allowInsecure allows unencrypted addresses
 */
export function socketAddress(allowInsecure = false): (url: string) => string {
  let warned = false
  return (url) => {
    const page = typeof location === 'object' ? location.href : undefined
    const { protocol, host, hostname, href } = parsed(url, page)
    if (!/^wss?:$/.test(protocol)) throw badUrl(url)
    if (protocol === 'ws:' && !allowInsecure && !isLoopback(hostname)) {
      if (page === undefined || !isPlainPage(page, host)) {
        const message = `${url} is not encrypted. Use wss:, or set \`allowInsecure\`.`
        throw new WirefoldError('bad-url', message, { url })
      }
      if (!warned)
        printWarning(`The connection to ${host} is not encrypted, as its page is not. Use https.`)
      warned = true
    }
    // An absolute address is used as given: `URL` may add a slash.
    return /^wss?:/.test(url) ? url : href
  }
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

/** Whether a page was loaded over plain http from this host. */
function isPlainPage(page: string, host: string): boolean {
  const { protocol, host: own } = new URL(page)
  return protocol === 'http:' && own === host
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
