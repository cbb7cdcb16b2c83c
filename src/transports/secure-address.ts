import { WirefoldError } from '../base/errors.ts'
import { printWarning } from '../base/report.ts'

/**
 * Returns a function that returns the address at which to connect by a scheme: a relative address is
 * resolved against the page, and the schemes of HTTP and WebSockets are converted to the given one,
 * `https:` to `wss:` and the like.
 *
 * The function throws `bad-url` for an invalid address, and for an unencrypted one to another machine.
 * A page that was itself loaded without encryption may connect so to its own host, which adds no risk;
 * the function warns of it once.
 *
 * @param allowInsecure allows unencrypted addresses
 */
export function secureAddress(
  scheme: 'ws' | 'http',
  allowInsecure = false,
): (url: string) => string {
  let warned = false
  return (url) => {
    const page = typeof location === 'object' ? location : undefined
    const { protocol, host, hostname, href } = parsed(url, scheme, page?.href)
    const isPlain = protocol === `${scheme}:`
    if (!isPlain && protocol !== `${scheme}s:`) throw badUrl(url, scheme)
    if (isPlain && !allowInsecure && !isLoopback(hostname)) {
      if (page?.protocol !== 'http:' || page.host !== host) {
        const message = `${url} is not encrypted. Use ${scheme}s:, or set \`allowInsecure\`.`
        throw new WirefoldError('bad-url', message, { url })
      }
      if (!warned)
        printWarning(`The connection to ${host} is not encrypted, as its page is not. Use https.`)
      warned = true
    }
    // An absolute address is used as given: `URL` may add a slash.
    return url.startsWith(protocol) ? url : href
  }
}

function badUrl(url: string, scheme: 'ws' | 'http', cause?: unknown): WirefoldError {
  const message = `${url} cannot be opened. Use an address of ${scheme}: or ${scheme}s:.`
  return new WirefoldError('bad-url', message, { url }, { cause })
}

function parsed(url: string, scheme: 'ws' | 'http', page: string | undefined): URL {
  try {
    const address = new URL(url, page)
    address.protocol = address.protocol.replace(/ws|http/, scheme)
    return address
  } catch (cause) {
    throw badUrl(url, scheme, cause)
  }
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
