import type { BrowserDriver } from './browser-driver.ts'

/**
 * Starts a browser; returns `undefined` with a warning if it does not start. With `CI` set this throws
 * instead.
 */
export async function launched<Started>(
  driver: Pick<BrowserDriver, 'name' | 'install'>,
  launch: () => Promise<Started>,
): Promise<Started | undefined> {
  try {
    return await launch()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${driver.name} did not start: ${reason}\n${driver.install}`
    if (process.env.CI) throw new Error(message, { cause: error })
    process.stderr.write(`${message}\nIts stories are skipped.\n`)
    return undefined
  }
}
