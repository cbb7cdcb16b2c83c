import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { scripted } from '../support/scripted.ts'

describe('a client without crypto', () => {
  beforeEach(() => vi.stubGlobal('crypto', undefined))
  afterEach(() => vi.unstubAllGlobals())

  it('rejects connect(), requests and subscriptions with the package to install', async () => {
    const missing = {
      code: 'no-crypto',
      message: expect.stringContaining('react-native-get-random-values'),
    }
    const { clock, client, errors } = scripted()
    const connected = expect(client.connect()).rejects.toMatchObject(missing)
    await clock.advance(1)
    await connected
    expect(client.state.get()).toMatchObject({ name: 'failed', error: missing })
    await expect(client.request('x')).rejects.toMatchObject(missing)
    await expect(client.publish('c', 'x')).rejects.toMatchObject(missing)
    expect(() => client.eventId()).toThrow(expect.objectContaining(missing))
    expect(errors).toEqual([])
    const other = scripted()
    const { ready } = new ChannelSubscriber(other.client).subscribe('c', () => {})
    const refused = expect(ready).rejects.toMatchObject(missing)
    await other.clock.advance(1)
    await refused
    expect(clock.timers + other.clock.timers).toBe(0)
  })

  it('rejects in the same way if `crypto` lacks getRandomValues', async () => {
    vi.stubGlobal('crypto', {})
    await expect(scripted().client.request('x')).rejects.toMatchObject({ code: 'no-crypto' })
  })
})
