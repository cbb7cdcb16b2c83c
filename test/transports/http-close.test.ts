import { describe, expect, it } from 'vitest'
import { closeOfResponse, withRetry } from '../../src/transports/http-close.ts'

const NOW = Date.UTC(2026, 0, 1)
const closeOf = (status: number, retryAfter?: string) =>
  closeOfResponse(
    { status, headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
    NOW,
  )

describe('the end of a connection by a status', () => {
  it.each([
    [204, 1008],
    [401, 4401],
    [403, 4403],
    [404, 4404],
    [413, 1009],
    [415, 1003],
    [429, 4429],
    [500, 4500],
  ])('has for %i the code %i', (status, code) => {
    expect(closeOf(status)).toEqual({ code, reason: `HTTP ${status}` })
  })

  it.each([
    ['2', 2_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ])('names the wait of Retry-After: %s', (retryAfter, retryAfterMs) => {
    const { code, reason } = closeOf(503, retryAfter)
    expect(code).toBe(4503)
    expect(JSON.parse(reason)).toEqual({ retryAfterMs, message: 'HTTP 503' })
  })

  it.each(['', 'soon', '-1'])('ignores Retry-After: %s', (retryAfter) => {
    expect(closeOf(503, retryAfter).reason).toBe('HTTP 503')
  })

  it('keeps a wait that it has', () => {
    const named = closeOf(503, '2')
    expect(withRetry(named, 7)).toBe(named)
    expect(JSON.parse(withRetry(closeOf(500), 7).reason)).toMatchObject({ retryAfterMs: 7 })
  })
})
