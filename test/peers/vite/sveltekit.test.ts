import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import { blockWith } from '../../documents/blocks.ts'
import { freePort } from '../../support/free-port.ts'
import { connect, until } from '../../support/live.ts'
import { changed } from '../../vite/vite-app.ts'
import { installed } from '../installed.ts'

const PACKAGES = [
  ...['@sveltejs/kit@2.70.4', '@sveltejs/adapter-node@5.5.7', 'svelte@5.57.3'],
  ...['@sveltejs/vite-plugin-svelte@7.3.1', 'vite@8.3.8'],
]

const versionModule = (version: number): string => `export const version = ${version}`

const FILES = {
  'svelte.config.js': `import adapter from '@sveltejs/adapter-node'
    export default { kit: { adapter: adapter() } }`,
  'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite'
    import { wirefold } from 'wirefold/vite'
    const plugin = wirefold({ path: '/websocket', setup: 'src/hooks.server.ts' })
    export default { plugins: [sveltekit(), plugin] }`,
  'src/app.html': '<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>',
  'src/lib/version.ts': versionModule(1),
  'src/hooks.server.ts': `import { sharedServer } from 'wirefold/server'
    import { version } from '$lib/version'
    const server = sharedServer('/websocket', { origins: '*' })
    server.setUp(() => {
      server.handle('version', () => version)
    })`,
  'src/routes/+page.svelte': '<h1>A page</h1>',
  'src/routes/say/+server.ts': `import { sharedServer } from 'wirefold/server'
    export const GET = async ({ url }) => {
      await sharedServer('/websocket').publish('room:1', 'said', url.searchParams.get('text'))
      return new Response('published')
    }`,
}

let app: Packed
let removeTools = (): void => {}

beforeAll(() => {
  app = packed(['ws'])
  const tools = installed(PACKAGES)
  removeTools = tools.remove
  // SvelteKit looks for packages beside its own, so the application has these and not links to them.
  for (const name of ['wirefold', 'ws'])
    renameSync(join(app.folder, 'node_modules', name), join(tools.modules, name))
  symlinkSync(tools.modules, join(app.folder, 'modules'), 'junction')
  renameSync(join(app.folder, 'node_modules'), join(app.folder, 'empty'))
  renameSync(join(app.folder, 'modules'), join(app.folder, 'node_modules'))
  for (const folder of ['src/lib', 'src/routes/say'])
    mkdirSync(join(app.folder, folder), { recursive: true })
  for (const [file, text] of Object.entries(FILES)) app.write(file, text)
})

afterAll(() => {
  app?.remove()
  removeTools()
})

/** Runs a program until the end of the test; resolves once it listens on the port. */
async function start(port: number, ...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, {
    cwd: app.folder,
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (printed += chunk))
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended:\n${printed}`)
    // Any answer: a plain request for the path of the socket loads no route.
    await fetch(`http://127.0.0.1:${port}/websocket`)
  })
  return child
}

/** A client that listens to the channel `room:1`. */
async function listening(port: number) {
  const { client, errors } = connect(`ws://127.0.0.1:${port}/websocket`)
  const said: unknown[] = []
  const subscribed = new ChannelSubscriber(client).subscribe('room:1', (text) => said.push(text))
  await subscribed.ready
  return { client, errors, said }
}

const vite = 'node_modules/vite/bin/vite.js'

describe('SvelteKit', () => {
  it('has the server of its hooks in vite dev, also after changes, and in its routes', async () => {
    const port = await freePort()
    await start(port, vite, 'dev', '--port', `${port}`, '--host', '127.0.0.1')
    const { client, errors, said } = await listening(port)
    expect(await client.request('version')).toBe(1)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(await page.text()).toContain('A page')
    for (const version of [2, 3]) {
      await changed(
        () => app.write('src/lib/version.ts', versionModule(version)),
        async () => expect(await client.request('version')).toBe(version),
      )
    }
    await fetch(`http://127.0.0.1:${port}/say?text=once`)
    await client.request('version')
    await until(() => expect(said).toEqual(['once']))
    expect(errors).toEqual([])
  })

  it('has it in production, by the program of the documents', async () => {
    app.node(vite, 'build', '--logLevel', 'error')
    const port = await freePort()
    const { code } = blockWith('docs/vite.md', './build/handler.js')
    expect(code).toContain('listen(3000)')
    app.write('server.js', code.replace('listen(3000)', `listen(${port}, '127.0.0.1')`))
    await start(port, 'server.js')
    const { client, errors, said } = await listening(port)
    expect(await client.request('version')).toBe(3)
    await fetch(`http://127.0.0.1:${port}/say?text=once`)
    await until(() => expect(said).toEqual(['once']))
    expect(errors).toEqual([])
  })
})
