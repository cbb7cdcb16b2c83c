/** Returns the colour of a connection state: a `data-tone` of the pages' style. */
export function connectionTone(name: string): string {
  return TONES[name] ?? 'quiet'
}

const TONES: Readonly<Record<string, string>> = {
  open: 'done',
  connecting: 'active',
  waiting: 'waiting',
  offline: 'waiting',
  failed: 'failed',
}
