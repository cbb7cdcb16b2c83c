/** Returns the headers of a request for an event stream, with the id to continue after if it can be sent. */
export function streamHeaders(lastEventId: string): Record<string, string> {
  const headers: Record<string, string> = { accept: 'text/event-stream' }
  if (canResume(lastEventId)) headers['last-event-id'] = inUtf8(lastEventId)
  return headers
}

/** Returns what is wrong with the type of a response that has to be an event stream; empty if nothing. */
export function wrongType({ headers }: Response): string {
  const type = headers.get('content-type') ?? 'no type'
  return /^text\/event-stream\b/i.test(type)
    ? ''
    : `the response is of ${type.slice(0, 80)} instead of text/event-stream`
}

/** Whether an id can be sent: it is not empty and has no control characters, which `fetch` refuses in a header. */
export function canResume(lastEventId: string): boolean {
  return (
    lastEventId !== '' && Array.from(lastEventId).every((char) => char >= ' ' && char !== '\x7f')
  )
}

/** Returns a text of which each character is one byte of UTF-8, as `fetch` takes headers. */
function inUtf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}
