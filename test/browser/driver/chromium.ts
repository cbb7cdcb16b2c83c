import { spawn } from 'node:child_process'
import type { Browser as PlaywrightBrowser, Page as PlaywrightPage } from 'playwright'
import { chromium } from 'playwright'
import type { Browser, BrowserDriver, Page } from './browser-driver.ts'
import { expressionOf } from './expression.ts'
import { killable } from './killable.ts'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium, driven by Playwright: the first that starts, of those that may be on a machine. */
export const chromiumDriver: BrowserDriver = {
  name: 'Chromium',
  install: 'Install it (apt-get install chromium), or name its executable in WIREFOLD_CHROMIUM.',
  keepsConnectedPages: true,
  canLimitStorage: true,
  knowsServiceRestart: true,
  async launch() {
    const failures: string[] = []
    for (const candidate of candidates()) {
      try {
        const executable = await candidate()
        const browser = await chromium.launch({
          executablePath: executable.path,
          args: argumentsOf(executable),
          // Playwright turns it off, and users have it.
          ignoreDefaultArgs: ['--disable-back-forward-cache'],
        })
        return await controlled(browser, executable)
      } catch (error) {
        failures.push(String(error).split('\n', 1)[0] ?? '')
      }
    }
    throw new Error(`none of these was one:\n  ${failures.join('\n  ')}`)
  },
}

interface Executable {
  readonly path: string
  readonly args: readonly string[]
}

function candidates(): (() => Promise<Executable>)[] {
  const named = process.env.WIREFOLD_CHROMIUM
  const paths = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']
  const installed = [...(named ? [named] : []), ...paths]
  return [...installed.map((path) => async () => ({ path, args: QUIET })), packaged]
}

/** The browser in an npm package, which needs nothing from the system. */
async function packaged(): Promise<Executable> {
  // Read while it is imported: with it the package brings its own shared libraries too.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x'
  const { default: packed } = await import('@sparticuz/chromium')
  // Not its own default arguments, which turn the web's security off.
  return { path: await packed.executablePath(), args: ['--no-sandbox', '--disable-gpu'] }
}

function argumentsOf({ args }: Executable): string[] {
  return [...args, '--headless']
}

async function controlled(browser: PlaywrightBrowser, executable: Executable): Promise<Browser> {
  // One for all pages: they share what is stored, as the windows of one user do.
  const context = await browser.newContext()
  return {
    async open(url, { width = 960, height = 720, dark = false } = {}) {
      const page = await context.newPage()
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
      const driven = controlledPage(page)
      await driven.goto(url)
      return driven
    },
    show(url, profile) {
      // Without a debugger some of them show a page and end.
      const own = [`--user-data-dir=${profile}`, '--remote-debugging-port=0', url]
      return killable(
        spawn(executable.path, [...argumentsOf(executable), ...own], { stdio: 'ignore' }),
      )
    },
    close: () => browser.close(),
  }
}

function controlledPage(page: PlaywrightPage): Page {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  const debuggerOf = () => page.context().newCDPSession(page)
  return {
    async goto(url) {
      await page.goto(url)
    },
    // Not `goBack`, which waits for a load: a page that was kept is not loaded again.
    async back() {
      // In a task of its own: the navigation may end this call before it is answered.
      await page.evaluate('void setTimeout(() => history.back())')
    },
    evaluate: (run, ...args) => page.evaluate(expressionOf(run, args)),
    activate: () => page.bringToFront(),
    type: (text) => page.keyboard.type(text),
    press: (key) => page.keyboard.press(key),
    async screenshot(path) {
      await page.screenshot({ path, fullPage: true })
    },
    complaints: async () => complaints,
    setOffline: (offline) => page.context().setOffline(offline),
    limitStorage: async () => {
      const { origin } = new URL(page.url())
      const session = await debuggerOf()
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 })
    },
    async crash() {
      const session = await debuggerOf()
      const crashed = page.waitForEvent('crash')
      session.send('Page.crash').catch(() => {})
      await crashed
    },
    close: () => page.close(),
  }
}
