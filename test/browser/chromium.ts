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
export async function launchChromium(): Promise<Browser | undefined> {
  const failures: string[] = []
  for (const { name, options } of candidates()) {
    try {
      return await chromium.launch(await options())
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
