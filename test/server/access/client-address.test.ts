import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { behindProxies } from 'wirefold/server'

/** Returns the address of a request behind the proxies 127.0.0.1, 10.0.0.0/8 and fd00::/8. */
function addressOf(remoteAddress: string | undefined, forwarded?: string): string | undefined {
  const clientAddress = behindProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddress({ headers, remoteAddress })
}

describe('the address of a client behind proxies', () => {
  it.each([
    ['the peer of the one proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['the first before several proxies', '127.0.0.1', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['of IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['without its port', '10.0.0.1', '203.0.113.7:5678', '203.0.113.7'],
    ['of IPv6 without its port', '10.0.0.1', '[2001:db8::7]:5678', '2001:db8::7'],
    ['of IPv4 in IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.7', '203.0.113.7'],
    ['within the networks of the proxies', '10.0.0.1', '10.9.9.9', '10.9.9.9'],
    ['not what it claims itself', '10.0.0.1', '192.0.2.1, 203.0.113.7', '203.0.113.7'],
    ['the proxy, if that forwards none', '10.0.0.1', undefined, '10.0.0.1'],
    ['the proxy, if that forwards no address', '10.0.0.1', '192.0.2.1, unknown', '10.0.0.1'],
    ['the proxy, if that forwards an empty header', '10.0.0.1', '', '10.0.0.1'],
  ])('is %s', (_, peer, forwarded, address) => {
    expect(addressOf(peer, forwarded)).toBe(address)
  })

  it.each(['203.0.113.9', '192.168.0.9', '127.0.0.2', '2001:db8::9'])(
    'is that of a peer that is no proxy, such as %s, with any header',
    (peer) => {
      expect(addressOf(peer, '203.0.113.7')).toBe(peer)
    },
  )

  it('is none for a peer without an address', () => {
    expect(addressOf(undefined, '203.0.113.7')).toBe(undefined)
  })

  const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('127.0.0.1'))
  test.prop([fc.array(entry), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 3 })])(
    'cannot be chosen by the client',
    (claimed, hops) => {
      const proxies = hops.map((hop) => `10.0.0.${hop}`)
      const forwarded = [...claimed, '203.0.113.7', ...proxies].join(', ')
      expect(addressOf('127.0.0.1', forwarded)).toBe('203.0.113.7')
      expect(addressOf('203.0.113.7', claimed.join(', '))).toBe('203.0.113.7')
    },
  )

  const networks = ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/8/9', '::1/129', '10.0.0/8']
  it.each(['', 'localhost', '10.0.0.0\n', ...networks])(
    'needs valid proxies, unlike %j',
    (proxy) => {
      expect(() => behindProxies([proxy])).toThrow(
        expect.objectContaining({ code: 'bad-option', detail: { option: 'proxies' } }),
      )
    },
  )
})
