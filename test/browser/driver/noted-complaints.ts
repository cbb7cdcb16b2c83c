/*
 * For a browser whose protocol does not report the console: both functions run in the page, of which
 * the first is called when it has loaded. What went wrong before that is missed.
 */

declare global {
  interface Window {
    complaints?: string[]
  }
}

/** Has the page note the errors and warnings in its console, and those that are caught by nothing. */
export function noteComplaints(): void {
  const noted: string[] = []
  window.complaints = noted
  for (const level of ['error', 'warn'] as const) {
    const print = console[level]
    console[level] = (...args: unknown[]) => {
      noted.push(args.map(String).join(' '))
      print(...args)
    }
  }
  addEventListener('error', (event) => noted.push(event.message))
  addEventListener('unhandledrejection', (event) => noted.push(String(event.reason)))
}

/** What the page has noted. */
export function notedComplaints(): readonly string[] {
  return window.complaints ?? []
}
