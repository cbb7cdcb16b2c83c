import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { NewEvent } from '../../broker/channel-event.ts'

/** An event as two texts: what is known of it, and its payload, which is empty where it has none. */
export interface EventText {
  readonly head: string
  readonly json: string
}

/** Writes an event. */
export function writeEvent({ source, type, json = '', id, timestamp }: NewEvent): EventText {
  return { head: JSON.stringify({ source, type, id, timestamp }), json }
}

/** Reads an event; `undefined` where somebody else wrote it. */
export function readEvent({ head, json }: EventText): NewEvent | undefined {
  const fields = asFields(parse(head))
  const source = asString(fields.source)
  const type = asString(fields.type)
  if (source === undefined || type === undefined) return undefined
  const timestamp = asNumber(fields.timestamp) ?? 0
  return { source, type, json: json || undefined, id: asString(fields.id), timestamp }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
