import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { WirefoldOptions } from 'wirefold/vite'
import { RawClient } from '../server/raw-client.ts'
import { connect, until } from '../support/live.ts'
import type { ViteUnderTest } from './vite-app.ts'
import { addressOf, changed, setupModule, viteApp, workerModule } from './vite-app.ts'

/** Declares the tests of the plugin with one version of Vite. */
export function viteStories(vite: ViteUnderTest): void {
  /** Starts `vite dev` for one test. */
  async function dev(options?: Partial<WirefoldOptions>) {
    const app = viteApp(vite)
    const server = await vite.createServer(app.config(options))
    onTestFinished(() => server.close())
    await server.listen()
    return { ...app, server, at: (path: string) => `${addressOf(server)}${path}` }
  }

  /** A client with a subscription to the channel `room`. */
  function talking(url: string) {
    const { client, errors } = connect(url)
    const said: unknown[] = []
    const channels = new ChannelSubscriber(client)
    channels.subscribe('room', (payload) => said.push(payload))
    return { client, channels, errors, said, request: (type: string) => client.request(type) }
  }

  describe('vite dev', () => {
    it('serves clients and runs workers before a page is requested, beside its own socket', async () => {
      const { at, workers, logged } = await dev()
      expect(workers()).toEqual(['start 1'])
      const { request } = talking(at('/live'))
      expect(await request('version')).toBe('1')
      const own = await RawClient.open(at('/'), { protocols: ['vite-hmr'] })
      expect(await own.next()).toEqual({ type: 'connected' })
      const page = await fetch(at('/').replace('ws', 'http'))
      expect(await page.text()).toContain('an application')
      expect(workers()).toEqual(['start 1'])
      expect(logged).toEqual([])
    })

    it('has one listener and one delivery after 20 reloads, and keeps its clients', async () => {
      const { at, write, workers, logged } = await dev()
      const { client, errors, said, request } = talking(at('/live'))
      await request('version')
      let sockets = 0
      client.state.subscribe(({ name }) => {
        if (name === 'connecting') sockets++
      })
      for (let version = 2; version <= 21; version++) {
        await changed(
          () => write('setup.ts', setupModule(version)),
          async () => expect(await request('version')).toBe(`${version}`),
        )
      }
      await RawClient.greeted(at('/live'))
      expect(await request('connected')).toBe(1)
      await client.request('say', 'once')
      await until(() => expect(said).toEqual(['once']))
      expect({ sockets, errors, logged }).toEqual({ sockets: 0, errors: [], logged: [] })
      expect(workers()).toEqual(['start 1'])
    })

    it('evaluates the setup again when an import of it changes, and calls its newest hooks', async () => {
      const { at, write } = await dev()
      const { channels, request } = talking(at('/live'))
      expect(await request('version')).toBe('1')
      await changed(
        () => write('suffix.ts', "export const suffix = ' with another suffix'"),
        async () => expect(await request('version')).toBe('1 with another suffix'),
      )
      const refused = channels.subscribe('room:2', () => {})
      await expect(refused.ready).rejects.toMatchObject({ code: 'forbidden' })
      refused()
      await changed(
        () => write('setup.ts', setupModule(2)),
        async () => expect(await request('version')).toContain('2'),
      )
      await channels.subscribe('room:2', () => {}).ready
    })

    it('logs the error of a setup, serves the former version, and takes the next', async () => {
      const { at, write, logged } = await dev()
      const { request } = talking(at('/live'))
      await request('version')
      await changed(
        () => write('setup.ts', "throw new Error('not finished')"),
        () => expect(logged.join()).toContain('wirefold: Error: not finished'),
      )
      expect(await request('version')).toBe('1')
      await changed(
        () => write('setup.ts', setupModule(3)),
        async () => expect(await request('version')).toBe('3'),
      )
    })

    it('starts with a setup that fails, and serves it once it is mended', async () => {
      const app = viteApp(vite)
      app.write('setup.ts', 'export {}')
      const server = await vite.createServer(app.config())
      onTestFinished(() => server.close())
      await server.listen()
      expect(app.logged.join()).toContain('shares no server under "/live"')
      const shared = Symbol.for('wirefold.server:/live')
      await changed(
        () => app.write('setup.ts', setupModule(2)),
        () => expect(Reflect.get(globalThis, shared)).toMatchObject({ server: { closing: false } }),
      )
      const { request } = talking(`${addressOf(server)}/live`)
      expect(await request('version')).toBe('2')
      expect(app.workers()).toEqual(['start 1'])
    })

    it('stops a worker before it starts its next version, and only if that has changed', async () => {
      const { at, write, workers } = await dev()
      const { request } = talking(at('/live'))
      await changed(
        () => write('setup.ts', setupModule(2)),
        async () => expect(await request('version')).toBe('2'),
      )
      expect(workers()).toEqual(['start 1'])
      await changed(
        () => write('worker.ts', workerModule(2)),
        () => expect(workers()).toContain('start 2'),
      )
      expect(workers()).toEqual(['start 1', 'stop 1', 'start 2'])
    })

    it('leaves a worker running that cannot be stopped, with a warning', async () => {
      const { write, workers, logged, server } = await dev({ workers: ['forever.ts'] })
      // It did not exist when Vite started.
      expect(logged.join()).toContain('forever.ts')
      const forever = (version: number) => workerModule(version).replace('export', '')
      write('forever.ts', forever(1))
      await server.restart()
      expect(workers()).toEqual(['start 1'])
      await changed(
        () => write('forever.ts', forever(2)),
        () => expect(logged.join()).toContain('Export a function "stop"'),
      )
      expect(workers()).toEqual(['start 1'])
    })

    it('serves the same after a restart of Vite', async () => {
      const { server, workers, at } = await dev()
      const before = await RawClient.greeted(at('/live'))
      await server.restart()
      await before.closed
      expect(workers()).toEqual(['start 1', 'stop 1', 'start 1'])
      const { client, said, request } = talking(at('/live'))
      expect(await request('version')).toBe('1')
      await client.request('say', 'again')
      await until(() => expect(said).toEqual(['again']))
    })

    it('stops the workers and closes the server when it ends', async () => {
      const { server, workers, at } = await dev()
      const client = await RawClient.greeted(at('/live'))
      await server.close()
      await client.closed
      expect(workers()).toEqual(['start 1', 'stop 1'])
      expect(Reflect.get(globalThis, Symbol.for('wirefold.server:/live'))).toMatchObject({
        server: { closing: true },
      })
    })

    it('leaves the attaching to an application that has the HTTP server', async () => {
      const app = viteApp(vite)
      const config = app.config()
      const http = createServer()
      const server = { middlewareMode: true, hmr: { server: http } }
      const middleware = await vite.createServer({ ...config, server })
      onTestFinished(() => middleware.close())
      const { server: shared } = Reflect.get(globalThis, Symbol.for('wirefold.server:/live'))
      shared.attach(http, '/live')
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
      onTestFinished(async () => {
        await shared.close()
        http.close()
      })
      const { request } = talking(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/live`)
      expect(await request('version')).toBe('1')
      expect(app.workers()).toEqual(['start 1'])
    })

    it("refuses the path of Vite's own socket", async () => {
      const { config } = viteApp(vite)
      await expect(vite.createServer(config({ path: '/' }))).rejects.toMatchObject({
        code: 'bad-option',
        message: expect.stringContaining("Vite's own WebSocket"),
      })
    })
  })

  describe('vite preview', () => {
    it('serves clients and runs workers beside the built page, until it ends', async () => {
      const app = viteApp(vite)
      const server = await vite.preview(app.config())
      onTestFinished(() => server.close())
      const at = addressOf(server)
      expect(app.workers()).toEqual(['start 1'])
      const { client, said, request } = talking(`${at}/live`)
      expect(await request('version')).toBe('1')
      await client.request('say', 'hello')
      await until(() => expect(said).toEqual(['hello']))
      expect(await (await fetch(at.replace('ws', 'http'))).text()).toContain('a built application')
      expect(app.logged).toEqual([])
      client.close()
      await server.close()
      await until(() => expect(app.workers()).toEqual(['start 1', 'stop 1']))
    })

    it('does not start with a setup that fails', async () => {
      const app = viteApp(vite)
      app.write('setup.ts', "throw new Error('not finished')")
      await expect(vite.preview(app.config())).rejects.toThrow('not finished')
    })
  })
}
