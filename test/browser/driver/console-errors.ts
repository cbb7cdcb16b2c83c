/*
 * For a browser whose protocol does not report the console: both functions run in the page. The
 * first is called when the page has loaded, so that earlier errors are missed.
 */

declare global {
  interface Window {
    consoleErrors?: string[]
  }
}

/** Records the errors and warnings in the page's console, and the uncaught errors. */
export function recordConsoleErrors(): void {
  const recorded: string[] = []
  window.consoleErrors = recorded
  for (const level of ['error', 'warn'] as const) {
    const print = console[level]
    console[level] = (...args: unknown[]) => {
      recorded.push(args.map(String).join(' '))
      print(...args)
    }
  }
  addEventListener('error', (event) => recorded.push(event.message))
  addEventListener('unhandledrejection', (event) => recorded.push(String(event.reason)))
}

/** Returns the recorded errors. */
export function recordedConsoleErrors(): readonly string[] {
  return window.consoleErrors ?? []
}
