import type { CloseInfo } from '../../ports/transport.ts'
import type { Encoded } from '../../protocol/codec.ts'
import { isFields } from '../../protocol/fields.ts'
import { bytesOf } from '../bytes-of.ts'

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
  const bytes = bytesOf(data)
  return bytes ? { base64: btoa(binaryOf(bytes)) } : String(data)
}

/** Returns recorded data as a transport delivers it. */
export function encodedOf(data: RecordedData): Encoded {
  return typeof data === 'string' ? data : bytesOfBinary(atob(data.base64)).buffer
}

/**
 * Returns recorded data whose texts are changed. The text of bytes is UTF-8 if it can be, otherwise it
 * has one character per byte.
 */
export function redacted(data: RecordedData, redact: (text: string) => string): RecordedData {
  if (typeof data === 'string') return redact(data)
  const bytes = bytesOfBinary(atob(data.base64))
  const text = utf8Of(bytes)
  return dataOf(
    text === undefined
      ? bytesOfBinary(redact(binaryOf(bytes)))
      : new TextEncoder().encode(redact(text)),
  )
}

/** Returns the messages of recorded data: an array of objects is a batch. */
export function messagesOf(data: RecordedData): readonly unknown[] {
  const message = parsed(data)
  const isBatch = Array.isArray(message) && message.length > 0 && message.every(isFields)
  return isBatch ? message : [message]
}

/** Reads the lines of a recording; empty lines are skipped. Throws where a line is none. */
export function linesOf(jsonl: string): readonly RecordedLine[] {
  return jsonl
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((text, index) => {
      if (text.trim() === '') return []
      const line = parsed(text)
      if (isLine(line)) return [line]
      throw new Error(`Line ${index + 1} of the recording is no step of a connection: ${text}`)
    })
}

function isLine(line: unknown): line is RecordedLine {
  if (!isFields(line) || !Number.isInteger(line.n) || !Number.isFinite(line.at)) return false
  if ('open' in line) return typeof line.open === 'string' && Array.isArray(line.protocols)
  if ('out' in line) return isData(line.out)
  if ('in' in line) return isData(line.in)
  if ('closed' in line) return isFields(line.closed) && typeof line.closed.code === 'number'
  return line.opened === true || typeof line.close === 'number'
}

function isData(data: unknown): data is RecordedData {
  return typeof data === 'string' || (isFields(data) && typeof data.base64 === 'string')
}

/** Returns the text of bytes in UTF-8; `undefined` if they are none. */
function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Returns one character per byte. */
function binaryOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

function bytesOfBinary(binary: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}

/** Returns the value of a text in JSON; other data as it is. */
function parsed(data: RecordedData): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
