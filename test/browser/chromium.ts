import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Browser, LaunchOptions } from 'playwright'
import { chromium } from 'playwright'

/** One way to a browser. */
interface Candidate {
  readonly name: string
  readonly options: () => Promise<LaunchOptions>
}

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts the first Chromium that really starts, of those that may be on a machine.
 *
 * @returns `undefined`, after saying loudly why, where none does; throws instead where `CI` is set
 */
export function launchChromium(): Promise<Browser | undefined> {
  return firstOf((options) => chromium.launch(options))
}

/** A browser in a process of its own, whose profile outlives it. */
export interface BrowserProcess {
  readonly browser: Browser
  /** Ends it without a word, and waits until it is gone. */
  kill(): Promise<void>
}

/**
 * Starts Chromium as {@link launchChromium} does, as a user would.
 *
 * @param profile the folder that keeps what is to outlive the process
 * @param args more arguments for it
 */
export function spawnChromium(
  profile: string,
  ...args: string[]
): Promise<BrowserProcess | undefined> {
  return firstOf(async (options) => {
    const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`]
    const child = spawn(options.executablePath ?? '', [...(options.args ?? []), ...own, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    const browser = await chromium.connectOverCDP(await addressOf(child))
    return {
      browser,
      async kill() {
        child.kill('SIGKILL')
        await exited
      },
    }
  })
}

/** Where the browser is spoken to; rejects where it ends instead. */
async function addressOf(child: ChildProcess): Promise<string> {
  await once(child, 'spawn')
  const { stderr } = child
  for await (const line of stderr ? createInterface(stderr) : []) {
    const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
    if (!found) continue
    // What nobody reads would fill the pipe, and stop the browser.
    stderr?.resume()
    return found
  }
  throw new Error('It ended before it could be spoken to.')
}

async function firstOf<T>(start: (options: LaunchOptions) => Promise<T>): Promise<T | undefined> {
  const failures: string[] = []
  for (const { name, options } of candidates()) {
    try {
      return await start(await options())
    } catch (error) {
      failures.push(`  ${name}: ${String(error).split('\n', 1)[0]}`)
    }
  }
  const message = [
    'NO BROWSER: the tests in test/browser cannot run. Tried:',
    ...failures,
    'Install one (apt-get install chromium), or name one in WIREFOLD_CHROMIUM.',
  ].join('\n')
  if (process.env.CI) throw new Error(message)
  console.warn(message)
  return undefined
}

function candidates(): Candidate[] {
  const named = process.env.WIREFOLD_CHROMIUM
  const paths = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']
  return [
    ...(named ? [installed(named)] : []),
    ...paths.map(installed),
    { name: '@sparticuz/chromium', options: packaged },
  ]
}

function installed(path: string): Candidate {
  return { name: path, options: async () => ({ executablePath: path, args: QUIET }) }
}

/** The browser in an npm package, which needs nothing from the system. */
async function packaged(): Promise<LaunchOptions> {
  // Read while it is imported: with it the package brings its own shared libraries too.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x'
  const { default: packed } = await import('@sparticuz/chromium')
  // Not its own default arguments, which turn the web's security off.
  const args = ['--no-sandbox', '--disable-gpu', '--headless']
  return { executablePath: await packed.executablePath(), args }
}
