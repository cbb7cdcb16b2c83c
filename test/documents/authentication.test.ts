import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ContextRegistry, RealtimeClient } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/authentication.md'

/** The contexts of the pages. */
type Shop =
  | { readonly kind: 'Order'; readonly id: string; readonly status: string }
  | { readonly kind: 'Till'; readonly total: number }

/** Answers `fetch` of the page until the end of the test. */
function fetching(respond: (url: string) => Response) {
  const fetched = vi.fn(async (url: string, _: RequestInit) => respond(url))
  vi.stubGlobal('fetch', fetched)
  onTestFinished(() => void vi.unstubAllGlobals())
  return fetched
}

describe('the guide to authentication', () => {
  it('connects by a cookie, which the page renews when the server refuses it', async () => {
    let cookie = 'old'
    const userOf = (text: string) => {
      if (text === 'old') return { user: { id: 'ada' }, expiresAt: Date.now() + 300 }
      return text === 'new' ? { id: 'ada' } : undefined
    }
    const { server } = await run<{ server: RealtimeServer }>(
      blockWith(PAGE, "user !== null && action !== 'publish'"),
      { given: { userOf } },
    )
    const { port } = await server.listen()
    const fetched = fetching(() => {
      cookie = 'new'
      return new Response()
    })
    class WithCookie extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, { headers: { cookie } })
      }
    }
    const { RealtimeClient: Client } = await import('wirefold')
    class RealtimeClient extends Client {
      constructor(_: string, options: object) {
        super(`ws://127.0.0.1:${port}/ws`, { ...options, WebSocket: WithCookie })
        onTestFinished(() => this.close())
      }
    }
    const { client } = await run<{ client: RealtimeClient }>(
      blockWith(PAGE, "fetch('/session/renew'"),
      { modules: { wirefold: { RealtimeClient } } },
    )
    const reported = vi.fn()
    client.on('error', reported)
    await client.connect()
    await until(() => expect(fetched).toHaveBeenCalledTimes(1))
    await until(() => expect(client.stats()).toMatchObject({ opens: 2 }))
    expect(client.userId).toBe('ada')
    expect(reported).not.toHaveBeenCalled()
  })

  it('fetches a token once for all attempts, and another one for a refused one', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token === 'two' ? { id: 'ada' } : undefined),
    })
    const tokens = ['one', 'two']
    const fetched = fetching(() => new Response(tokens.shift()))
    const { client } = await run<{ client: RealtimeClient }>(
      blockWith(PAGE, 'let token: string | undefined'),
      { host: new URL(url).host },
    )
    await client.connect()
    expect(fetched).toHaveBeenCalledTimes(2)
    for (const { id } of server.connections()) server.disconnect(id, { code: 1012 })
    await until(() => expect(client.stats()).toMatchObject({ opens: 2 }))
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('leads to the page for signing in once the credentials are refused for good', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token ? { id: token } : null),
    })
    const { client } = connect(url)
    const assign = vi.fn()
    await run(blockWith(PAGE, "location.assign('/sign-in')"), {
      given: { client, location: { assign } },
    })
    await client.connect()
    for (const { id } of server.connections()) server.disconnect(id)
    await until(() => expect(assign).toHaveBeenCalledWith('/sign-in'))
  })

  it('ends the connections of a user who signs out', async () => {
    const users = new Map([['ada', { id: 'ada' }]])
    const { server, signedOut } = await run<{
      server: RealtimeServer
      signedOut(id: string): void
    }>(blockWith(PAGE, 'function signedOut'), { given: { userOf: () => users.get('ada') } })
    const { url } = await server.listen()
    const { client } = connect(url)
    await client.connect()
    users.clear()
    signedOut('ada')
    await until(() => expect(client.state.get().name).toBe('failed'))
  })

  it('gives each user a client of their own', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token ? { id: token } : null),
    })
    const { signIn } = await run<{
      signIn(
        id: string,
        token: () => Promise<string>,
      ): { readonly contexts: ContextRegistry<Shop>; signOut(): void }
    }>(blockWith(PAGE, 'export function signIn'), { host: new URL(url).host })
    const ada = signIn('ada', async () => 'ada')
    await until(() => expect(server.connections()).toMatchObject([{ channels: ['user:ada'] }]))
    ada.signOut()
    await until(() => expect(server.connections()).toEqual([]))
    const bob = signIn('bob', async () => 'bob')
    await until(() => expect(server.connections()).toMatchObject([{ channels: ['user:bob'] }]))
    bob.signOut()
  })

  it('says what another user finds on the same client', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token ? { id: token } : null),
    })
    let user = 'ada'
    const { client, errors } = connect(url, { auth: () => user })
    const room = new ChannelSubscriber(client).subscribe('room', () => {})
    await room.ready
    server.handle('wait', () => new Promise(() => {}))
    const waiting = expect(client.request('wait')).rejects.toMatchObject({
      code: 'identity-changed',
    })
    await until(() => expect(client.pending.get()).toMatchObject({ sent: 1 }))
    user = 'bob'
    server.disconnectUser('ada')
    await waiting
    await until(() => expect(client.userId).toBe('bob'))
    await until(() => expect(room.status.get()).toMatchObject({ name: 'gap' }))
    expect(errors).toEqual([])
  })
})
