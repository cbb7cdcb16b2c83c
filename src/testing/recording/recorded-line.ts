import type { CloseInfo } from '../../ports/transport.ts'
import type { Encoded } from '../../protocol/codec.ts'

/** One line of a recorded session: a step of its connection `n`, `at` milliseconds after the start. */
export type RecordedLine = { readonly n: number; readonly at: number } & RecordedStep

/** A step of a connection. */
export type RecordedStep =
  /** The client opens the connection. */
  | { readonly open: string; readonly protocols: readonly string[] }
  /** The connection is open. */
  | { readonly opened: true }
  /** A message of the client. */
  | { readonly out: RecordedData }
  /** A message of the server. */
  | { readonly in: RecordedData }
  /** The client closes the connection. */
  | { readonly close: number }
  /** The connection has ended without the client. */
  | { readonly closed: Omit<CloseInfo, 'cause'> }

/** A text, or bytes. */
export type RecordedData = string | { readonly base64: string }

/** Returns data as it is recorded. */
export function dataOf(data: unknown): RecordedData {
  if (data instanceof ArrayBuffer) {
    const chars = Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte))
    return { base64: btoa(chars.join('')) }
  }
  return String(data)
}

/** Returns recorded data as a transport delivers it. */
export function encodedOf(data: RecordedData): Encoded {
  if (typeof data === 'string') return data
  return Uint8Array.from(atob(data.base64), (char) => char.charCodeAt(0)).buffer
}

/** Reads the lines of a recording; empty lines are skipped. Throws where a line is none. */
export function linesOf(jsonl: string): readonly RecordedLine[] {
  return jsonl.split('\n').flatMap((text, index) => {
    if (text.trim() === '') return []
    try {
      const line: RecordedLine = JSON.parse(text)
      if (Number.isInteger(line.n) && Number.isFinite(line.at)) return [line]
    } catch {
      // Reported below, with its number.
    }
    throw new Error(`Line ${index + 1} of the recording is no step of a connection: ${text}`)
  })
}
