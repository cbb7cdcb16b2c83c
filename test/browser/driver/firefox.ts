import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Bidi } from './bidi.ts'
import type { Browser, BrowserDriver, Page, WindowOptions } from './browser-driver.ts'
import { expressionOf } from './expression.ts'
import { firstMatch } from './first-match.ts'
import { KEYS, keyActions } from './key-actions.ts'
import { killable } from './killable.ts'

/** Firefox, driven over WebDriver BiDi. */
export const firefoxDriver: BrowserDriver = {
  name: 'Firefox',
  install: 'Install it (apt-get install firefox-esr), or name its executable in WIREFOLD_FIREFOX.',
  // Firefox decides before `pagehide`, in which the client would close the socket.
  keepsConnectedPages: false,
  canLimitStorage: false,
  knowsServiceRestart: true,
  async launch() {
    const profile = await mkdtemp(join(tmpdir(), 'wirefold-firefox-'))
    const child = start(profile, ['--remote-debugging-port=0', '--remote-allow-system-access'])
    const running = killable(child)
    const close = async () => {
      await running.kill()
      // Its other processes end a moment later, and may still write.
      await rm(profile, { recursive: true, force: true, maxRetries: 10 })
    }
    try {
      const url = await firstMatch(child, child.stderr, /WebDriver BiDi listening on (ws:\S+)/)
      const bidi = await Bidi.connect(url)
      await bidi.send('session.subscribe', { events: ['log.entryAdded'] })
      return {
        open: (address, options) => open(bidi, address, options),
        show: (address, folder) => {
          const shown = start(folder, [address])
          shown.stderr.resume()
          return killable(shown)
        },
        close,
      } satisfies Browser
    } catch (error) {
      await close()
      throw error
    }
  },
}

/** The preferences of a new profile. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  // One process for each page of an origin, so that one can crash alone.
  'dom.ipc.processCount.webIsolated': 32,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
}

function start(profile: string, args: readonly string[]) {
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)})\n`,
  )
  mkdirSync(profile, { recursive: true })
  writeFileSync(join(profile, 'user.js'), lines.join(''))
  return spawn(
    process.env.WIREFOLD_FIREFOX ?? 'firefox-esr',
    ['--headless', '--no-remote', '--profile', profile, ...args],
    // In the real home directory, Firefox would leave a list of its profiles.
    { env: { ...process.env, HOME: profile }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
}

/** A BiDi context: a tab, or a window of the browser itself. */
interface Context {
  readonly context: string
  readonly clientWindow: string
}

interface LogEntry {
  readonly level: string
  readonly text: string
  readonly source: { readonly context?: string }
}

async function open(
  bidi: Bidi,
  address: string,
  { width = 960, height = 720, dark = false }: WindowOptions = {},
): Promise<Page> {
  // Not a tab: timers of a background tab are throttled.
  const { context } = await bidi.send<Context>('browsingContext.create', { type: 'window' })
  const consoleErrors: string[] = []
  bidi.follow((method, params) => {
    if (method !== 'log.entryAdded') return
    const { level, text, source } = params as LogEntry
    if (source.context === context && ['error', 'warn'].includes(level)) consoleErrors.push(text)
  })

  /** Evaluates an expression in a context; the result is sent as JSON. */
  const evaluate = async <R>(where: string, expression: string): Promise<R> => {
    const answer = await bidi.send<{
      readonly type: 'success' | 'exception'
      readonly result?: { readonly value: string }
      readonly exceptionDetails?: { readonly text: string }
    }>('script.evaluate', {
      expression: `Promise.resolve(${expression}).then((value) => JSON.stringify([value]))`,
      target: { context: where },
      awaitPromise: true,
    })
    if (!answer.result)
      throw new Error(answer.exceptionDetails?.text ?? 'The script returned no result.')
    return JSON.parse(answer.result.value)[0]
  }

  /** Evaluates in the browser window around the page, where `tab` is the page's context. */
  const inBrowser = async <R>(expression: string): Promise<R> => {
    const trees = await Promise.all([
      bidi.send<{ contexts: Context[] }>('browsingContext.getTree', { maxDepth: 0 }),
      bidi.send<{ contexts: Context[] }>('browsingContext.getTree', {
        maxDepth: 0,
        'moz:scope': 'chrome',
      }),
    ])
    const [tabs, windows] = trees.map(({ contexts }) => contexts)
    const window = tabs?.find((tab) => tab.context === context)?.clientWindow
    const chrome = windows?.find(({ clientWindow }) => clientWindow === window)?.context
    if (!chrome) throw new Error('The page has no window.')
    return evaluate(chrome, `((tab) => ${expression})(gBrowser.selectedBrowser.browsingContext)`)
  }

  const type = (characters: string): Promise<void> =>
    bidi.enqueue(async () => {
      await bidi.send('browsingContext.activate', { context })
      await bidi.send('input.performActions', { context, actions: keyActions(characters) })
    })

  let isClosed = false
  const page: Page = {
    async goto(url) {
      await bidi.send('browsingContext.navigate', { context, url, wait: 'complete' })
    },
    async back() {
      await bidi.send('browsingContext.traverseHistory', { context, delta: -1 })
    },
    evaluate: (run, ...args) => evaluate(context, expressionOf(run, args)),
    async activate() {
      await bidi.send('browsingContext.activate', { context })
    },
    type,
    press: (key) => type(KEYS[key]),
    async screenshot(path) {
      const command = 'browsingContext.captureScreenshot'
      const { data } = await bidi.send<{ data: string }>(command, { context, origin: 'document' })
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, data, 'base64')
    },
    consoleErrors: async () => consoleErrors,
    // Not BiDi's `emulation.setNetworkConditions`, which fires no event. This does not affect local
    // sockets.
    setOffline: (offline) => inBrowser(`void (Services.io.offline = ${offline})`),
    async crash() {
      process.kill(await inBrowser<number>('tab.currentWindowGlobal.osPid'), 'SIGKILL')
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await bidi.send('browsingContext.close', { context })
    },
  }
  await bidi.send('browsingContext.setViewport', { context, viewport: { width, height } })
  if (dark) await inBrowser(`void (tab.prefersColorSchemeOverride = 'dark')`)
  await page.goto(address)
  return page
}
