import { describe, expect, it } from 'vitest'
import type { Mount } from 'wirefold/server'
import { nativeMount } from 'wirefold/server'
import { refusedUpgrade } from './http/refused-upgrade.ts'
import { RawClient, serve } from './raw-client.ts'

describe('a server that is set up again', () => {
  it('has the handlers and listeners of the latest set-up only, after 20 of them', async () => {
    const { server, url } = await serve()
    const connected: number[] = []
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    for (let version = 1; version <= 20; version++) {
      server.setUp((same) => {
        expect(same).toBe(server)
        server.on('connected', () => connected.push(version))
        server.handle('version', async () => {
          await server.publish('a', 'asked')
          return version
        })
      })
    }
    await RawClient.greeted(url)
    expect(connected).toEqual([20])
    client.send({ type: 'version', requestId: 'r1' })
    const messages = [await client.next(), await client.next()]
    expect(messages).toContainEqual(expect.objectContaining({ type: 'asked' }))
    expect(messages).toContainEqual(expect.objectContaining({ payload: 20 }))
    expect(await client.settled()).toEqual([])
  })

  it('serves the mounts of the latest set-up to new clients, and keeps the others connected', async () => {
    const { server, url } = await serve()
    const at = (path: string) => `${url.slice(0, -'/ws'.length)}${path}`
    const unmounted: string[] = []
    const mountOf = (name: string): Mount => ({
      ...{ protocols: [], open: (...args) => nativeMount().open(...args) },
      unmounted: () => unmounted.push(name),
    })
    server.setUp(() => {
      server.mount('/one', mountOf('first'))
    })
    const client = await RawClient.greeted(at('/one'))
    server.setUp(() => {
      server.mount('/one', mountOf('second'))
      server.mount('/two', mountOf('other'))
    })
    expect(unmounted).toEqual(['first'])
    await RawClient.greeted(at('/one'))
    await RawClient.greeted(at('/two'))
    server.setUp(() => undefined)
    expect((await refusedUpgrade(at('/two'))).status).toBe(404)
    expect(await client.settled()).toEqual([])
  })

  it('keeps what was registered outside of a set-up', async () => {
    const { server, url } = await serve()
    server.handle('outside', () => 'here')
    server.setUp(() => {
      server.handle('inside', () => 'here')
    })
    server.setUp(() => undefined)
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'outside' })).toMatchObject({ payload: 'here' })
    expect(await client.request({ type: 'inside' })).toMatchObject({ type: 'error' })
  })

  it('runs the function that a set-up returned before the next one, and when it closes', async () => {
    const { server } = await serve()
    const log: string[] = []
    const setUp = (name: string) =>
      server.setUp(() => {
        log.push(`${name} begins`)
        return () => log.push(`${name} ends`)
      })
    setUp('one')
    setUp('two')
    expect(log).toEqual(['one begins', 'one ends', 'two begins'])
    await server.close()
    expect(log.slice(3)).toEqual(['two ends'])
    expect(() => setUp('three')).toThrow('closed')
  })

  it.each(['close', 'drain'] as const)(
    'can still publish when `%s` runs the function that the set-up returned, and then notes who left',
    async (method) => {
      const { server, url, errors } = await serve()
      const published: Promise<unknown>[] = []
      const left: string[] = []
      server.setUp(() => {
        server.on('disconnected', ({ dialect }) => left.push(dialect))
        return () => published.push(server.publish('clock', 'last'))
      })
      const client = await RawClient.greeted(url)
      await server[method]({ deadlineMs: 0 })
      await client.closed
      expect(await Promise.allSettled(published)).toMatchObject([{ status: 'fulfilled' }])
      expect({ left, errors }).toEqual({ left: ['native'], errors: [] })
    },
  )

  it('refuses a set-up that is async, and reports what that and an async end reject with', async () => {
    const { server, url, errors } = await serve()
    const failing = async (): Promise<never> => {
      server.handle('task', () => 'first')
      throw new Error('too late')
    }
    // @ts-expect-error a set-up returns no promise
    expect(() => server.setUp(failing)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'setup' } }),
    )
    server.setUp(() => {
      server.handle('task', () => 'second')
      return async () => {
        throw new Error('not ended')
      }
    })
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'task' })).toMatchObject({ payload: 'second' })
    await server.close()
    expect(errors).toEqual([new Error('too late'), new Error('not ended')])
  })

  it('throws the error of a set-up, has none of its registrations, and takes the next', async () => {
    const { server, url, errors } = await serve()
    const failing = (): never => {
      throw new Error('half done')
    }
    server.setUp(() => failing)
    expect(() =>
      server.setUp(() => {
        server.handle('task', () => 'first')
        return failing()
      }),
    ).toThrow('half done')
    expect(errors).toEqual([new Error('half done')])
    server.setUp(() => {
      server.handle('task', () => 'second')
    })
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'task' })).toMatchObject({ payload: 'second' })
  })
})
