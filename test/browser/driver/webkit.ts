import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type {
  Browser,
  BrowserDriver,
  BrowserProcess,
  Page,
  WindowOptions,
} from './browser-driver.ts'
import { childProcesses } from './child-processes.ts'
import { recordConsoleErrors, recordedConsoleErrors } from './console-errors.ts'
import { expressionOf } from './expression.ts'
import { KEYS, keyActions } from './key-actions.ts'
import { killable } from './killable.ts'
import { WebDriver } from './web-driver.ts'
import { openXDisplay } from './x-display.ts'

/** Paths of WebKit's own browser on Debian and other systems. */
const MINI_BROWSERS = [
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/libexec/webkit2gtk-4.1/MiniBrowser',
]

/** WebKitGTK, driven over WebDriver on a virtual display. */
export const webkitDriver: BrowserDriver = {
  name: 'WebKit',
  install:
    'Install it (apt-get install webkit2gtk-driver xvfb), or name its driver in WIREFOLD_WEBKIT_DRIVER.',
  keepsConnectedPages: true,
  canLimitStorage: false,
  // libsoup treats 1012 as a protocol error.
  knowsServiceRestart: false,
  async launch() {
    const executable = MINI_BROWSERS.find((path) => existsSync(path))
    if (!executable) throw new Error(`No MiniBrowser at ${MINI_BROWSERS.join(' and no ')}.`)
    const running: BrowserProcess[] = []
    const display = await openXDisplay()
    const run = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      const all = { ...process.env, DISPLAY: display.name, ...env }
      const child = spawn(name, args, { env: all, stdio: 'ignore' })
      const started = killable(child)
      running.push(started)
      return { child, kill: started.kill }
    }
    const close = async () => {
      await Promise.all(running.map(({ kill }) => kill()))
      await display.close()
    }
    try {
      // If the driver started the browser, it would end it after the crash of a page.
      const target = await freeAddress()
      const env = { WEBKIT_INSPECTOR_SERVER: target }
      const { child } = run(executable, ['--automation'], env)
      await listening(target)
      const address = await freeAddress()
      const port = address.slice(address.indexOf(':') + 1)
      const driver = process.env.WIREFOLD_WEBKIT_DRIVER ?? 'WebKitWebDriver'
      await once(run(driver, [`--port=${port}`, `--target=${target}`]).child, 'spawn')
      await listening(address)
      const session = new WebDriver(`http://${address}`)
      await session.begin()
      return {
        open: (url, options) => open(session, child.pid ?? 0, url, options),
        show(url, profile) {
          const folders = { XDG_DATA_HOME: profile, XDG_CACHE_HOME: join(profile, 'cache') }
          return run(executable, [url], folders)
        },
        close,
      } satisfies Browser
    } catch (error) {
      await close()
      throw error
    }
  },
}

async function open(
  session: WebDriver,
  browser: number,
  address: string,
  { width = 960, height = 720 }: WindowOptions = {},
): Promise<Page> {
  const webProcesses = async (): Promise<number[]> => {
    const children = await childProcesses(browser)
    return children.filter(({ name }) => name.startsWith('WebKitWebPro')).map(({ pid }) => pid)
  }
  const others = await webProcesses()
  const window = await session.open()
  const home = session.session
  const [own] = (await webProcesses()).filter((pid) => !others.includes(pid))
  const send = <R>(method: string, path: string, body?: object): Promise<R> =>
    session.send<R>(window, method, path, body)
  let isGone = false
  let consoleErrors: readonly string[] = []

  const page: Page = {
    async goto(url) {
      await send('POST', 'url', { url })
      await page.evaluate(recordConsoleErrors)
    },
    async back() {
      await send('POST', 'back')
    },
    async evaluate<A extends readonly unknown[], R>(
      run: (...args: A) => R | Promise<R>,
      ...args: A
    ): Promise<R> {
      const script = `return Promise.resolve(${expressionOf(run, args)})`
      return send<R>('POST', 'execute/sync', { script, args: [] })
    },
    // Without a window manager all windows are in front.
    async activate() {},
    async type(text) {
      await send('POST', 'actions', { actions: keyActions(text) })
    },
    async press(key) {
      await send('POST', 'actions', { actions: keyActions(KEYS[key]) })
    },
    async screenshot(path) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, await send<string>('GET', 'screenshot'), 'base64')
    },
    // WebKitGTK cannot emulate this, so the property and events are replaced.
    setOffline: (offline) =>
      page.evaluate((isOffline) => {
        Object.defineProperty(navigator, 'onLine', { value: !isOffline, configurable: true })
        dispatchEvent(new Event(isOffline ? 'offline' : 'online'))
      }, offline),
    consoleErrors: async () => (isGone ? consoleErrors : page.evaluate(recordedConsoleErrors)),
    async crash() {
      if (!own) throw new Error('The page has no process of its own.')
      isGone = true
      process.kill(own, 'SIGKILL')
      await session.beginAfterCrash()
    },
    async close() {
      // A page of an ended session cannot be reached: it stays until the browser ends.
      if (isGone || session.session !== home) return
      consoleErrors = await page.consoleErrors()
      isGone = true
      await send('DELETE', 'window')
    },
  }
  await send('POST', 'window/rect', { x: 0, y: 0, width, height })
  await page.goto(address)
  return page
}

/** Waits until an address accepts connections. */
async function listening(address: string): Promise<void> {
  const [host, port] = address.split(':')
  for (let tries = 0; tries < 600; tries++) {
    const socket = connect(Number(port), host)
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`Nothing listens at ${address}.`)
}

/** Returns an unused address of this machine. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (!address || typeof address === 'string') throw new Error('The system gave no port.')
  return `127.0.0.1:${address.port}`
}
