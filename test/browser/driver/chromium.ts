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

/** Chromium, driven by Playwright: the first candidate that starts. */
export const chromiumDriver: BrowserDriver = {
  name: 'Chromium',
  install: 'Install it (apt-get install chromium), or name its executable in WIREFOLD_CHROMIUM.',
  keepsConnectedPages: true,
  canLimitStorage: true,
  knowsServiceRestart: true,
  async launch() {
    const { browser, executable } = await launchChromium()
    return controlled(browser, executable)
  },
}

/** Starts the first candidate that works; for tests that need Playwright's own pages. */
export async function launchChromium() {
  const failures: string[] = []
  for (const candidate of candidates()) {
    try {
      const executable = await candidate()
      const browser = await chromium.launch({
        executablePath: executable.path,
        args: argumentsOf(executable),
        // Playwright disables the back-forward cache, but users have it.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })
      return { browser, executable }
    } catch (error) {
      failures.push(String(error).split('\n', 1)[0] ?? '')
    }
  }
  throw new Error(`No candidate started:\n  ${failures.join('\n  ')}`)
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

/** Returns the browser of an npm package, which needs no system libraries. */
async function packaged(): Promise<Executable> {
  // The package reads this on import, and then provides its own shared libraries.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x'
  const { default: packed } = await import('@sparticuz/chromium')
  // Not its default arguments, which disable web security.
  return { path: await packed.executablePath(), args: ['--no-sandbox', '--disable-gpu'] }
}

function argumentsOf({ args }: Executable): string[] {
  return [...args, '--headless']
}

async function controlled(browser: PlaywrightBrowser, executable: Executable): Promise<Browser> {
  // One context for all pages: they share storage, like the windows of one user.
  const context = await browser.newContext()
  return {
    async open(url, { width = 960, height = 720, dark = false, forcedColors = false } = {}) {
      const page = await context.newPage()
      await page.setViewportSize({ width, height })
      await page.emulateMedia({
        colorScheme: dark ? 'dark' : 'light',
        forcedColors: forcedColors ? 'active' : 'none',
      })
      const driven = controlledPage(page)
      await driven.goto(url)
      return driven
    },
    show(url, profile) {
      // Without a debugger, some versions show a page and exit.
      const own = [`--user-data-dir=${profile}`, '--remote-debugging-port=0', url]
      return killable(
        spawn(executable.path, [...argumentsOf(executable), ...own], { stdio: 'ignore' }),
      )
    },
    close: () => browser.close(),
  }
}

function controlledPage(page: PlaywrightPage): Page {
  const consoleErrors: string[] = []
  page.on('pageerror', (error) => consoleErrors.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) consoleErrors.push(message.text())
  })
  const debuggerOf = () => page.context().newCDPSession(page)
  return {
    async goto(url) {
      await page.goto(url)
    },
    // Not `goBack`, which waits for a load: a cached page is not loaded again.
    async back() {
      // In its own task: the navigation may end this call before its reply.
      await page.evaluate('void setTimeout(() => history.back())')
    },
    evaluate: (run, ...args) => page.evaluate(expressionOf(run, args)),
    activate: () => page.bringToFront(),
    type: (text) => page.keyboard.type(text),
    press: (key) => page.keyboard.press(key),
    async screenshot(path) {
      await page.screenshot({ path, fullPage: true })
    },
    consoleErrors: async () => consoleErrors,
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
