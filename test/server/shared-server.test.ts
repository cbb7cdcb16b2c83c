import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { RealtimeServer, RealtimeServerOptions } from 'wirefold/server'
import { sharedServer } from 'wirefold/server'
import { RawClient } from './raw-client.ts'

/** Returns the shared server, and closes it after the test. */
function shared(path: string, options?: RealtimeServerOptions): RealtimeServer {
  const server = sharedServer(path, options)
  onTestFinished(() => server.close())
  return server
}

describe('a shared server', () => {
  it('is the same for every call with its path, and for another copy of the package', async () => {
    const server = shared('/a', {})
    expect(shared('/a', {})).toBe(server)
    expect(shared('/a')).toBe(server)
    expect(shared('/b', {})).not.toBe(server)
    const copy = '../../src/server/shared-server.ts?copy'
    const other: { sharedServer: typeof sharedServer } = await import(copy)
    expect(other.sharedServer).not.toBe(sharedServer)
    expect(other.sharedServer('/a', {})).toBe(server)
  })

  it('needs options in the first call', () => {
    expect(() => sharedServer('/nothing')).toThrow(
      expect.objectContaining({
        code: 'bad-option',
        message: expect.stringContaining('No server is shared under "/nothing"'),
      }),
    )
  })

  it('calls the hooks of the latest options', async () => {
    const { url } = await shared('/a', { authorize: () => false }).listen()
    const client = await RawClient.greeted(url)
    expect(await client.subscribe('one')).toMatchObject({
      payload: { refused: { one: 'forbidden' } },
    })
    shared('/a', { authorize: (_, channel) => channel === 'two' })
    expect(await client.subscribe('one')).toMatchObject({
      payload: { refused: { one: 'forbidden' } },
    })
    expect(await client.subscribe('two')).not.toMatchObject({ payload: { refused: {} } })
  })

  it('denies what a hook decided that the latest options have no more, with a clear error', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const { url } = await shared('/a', { onError, authorize: () => true }).listen()
    shared('/a', { onError })
    const client = await RawClient.greeted(url)
    expect(await client.subscribe('one')).toMatchObject({
      payload: { refused: { one: 'forbidden' } },
    })
    const cause = { code: 'bad-option', detail: { option: 'authorize' } }
    const detail = { where: 'authorize' }
    expect(errors).toMatchObject([{ code: 'handler-failed', detail, cause }])
  })

  it('is as without `onError`, `logger` and `clientAddress` once the latest options have none', async () => {
    const first = { onError: vi.fn(), logger: vi.fn(), clientAddress: vi.fn() }
    const { url } = await shared('/a', { ...first, authorize: () => true }).listen()
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => printed.mockRestore())
    const failure = new Error('no verdict')
    shared('/a', {
      authorize() {
        throw failure
      },
    })
    for (const before of Object.values(first)) before.mockClear()
    const client = await RawClient.greeted(url)
    await client.subscribe('one')
    for (const before of Object.values(first)) expect(before).not.toHaveBeenCalled()
    expect(printed.mock.calls).toMatchObject([[{ code: 'handler-failed', cause: failure }]])
  })

  it('is another one once the former drains or closes', async () => {
    const first = shared('/a', {})
    expect(first.closing).toBe(false)
    const drained = first.drain()
    expect(first.closing).toBe(true)
    const second = shared('/a', {})
    expect(second).not.toBe(first)
    await drained
    await second.close()
    expect(() => sharedServer('/a')).toThrow('No server is shared')
  })
})
