import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ConnectionInfo } from 'wirefold/server'
import { attach } from 'wirefold/server'
import { RawClient, serve } from './raw-client.ts'

describe('a handler that is attached to a server', () => {
  it('is called once per connection, however often its module is loaded', async () => {
    const { server, url } = await serve({
      authenticate: ({ token = '' }) => ({ id: `u-${token}`, name: token }),
    })
    const open = (token: string) => RawClient.greeted(url, { token })
    const calls: unknown[] = []
    let release = () => {}
    for (let load = 0; load < 20; load++) {
      release = attach(server, function greet({ user }) {
        calls.push([load, user?.name])
      })
    }
    const clients = [await open('ada')]
    await expect.poll(() => calls).toEqual([[19, 'ada']])
    attach(server, () => calls.push('one'))
    attach(server, () => calls.push('another'))
    clients.push(await open('jon'))
    await expect.poll(() => calls).toHaveLength(4)
    expect(calls.slice(1)).toEqual([[19, 'jon'], 'one', 'another'])
    release()
    release()
    clients.push(await open('eve'))
    await expect.poll(() => calls).toHaveLength(6)
    expect(server.connections()).toHaveLength(3)
  })

  it('may be async: what it rejects with is reported, as for any listener', async () => {
    const { server, url, errors } = await serve()
    const failing = async ({ dialect }: ConnectionInfo): Promise<never> => {
      throw new Error(dialect)
    }
    attach(server, failing)
    server.on('disconnected', failing)
    const client = await RawClient.greeted(url)
    await expect.poll(() => errors).toEqual([new Error('native')])
    client.ws.close()
    await expect.poll(() => errors).toEqual([new Error('native'), new Error('native')])
  })

  it('does not end the process if `onError` rejects with another error', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => printed.mockRestore())
    const onError = async (): Promise<never> => {
      throw new Error('not logged')
    }
    const { server, url } = await serve({ onError })
    attach(server, () => {
      throw new Error('no greeting')
    })
    await RawClient.greeted(url)
    await expect.poll(() => printed.mock.calls).toEqual([[new Error('not logged')]])
  })
})
