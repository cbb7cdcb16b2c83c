import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { NewEvent } from '../../broker/channel-event.ts'

/** Encodes an event. */
export function writeEvent({ source, type, json = '', id, timestamp }: NewEvent): EventText {
  return { head: JSON.stringify({ source, type, id, timestamp }), json }
}

/** Decodes an event; `undefined` if it was not written by {@link writeEvent}. */
export function readEvent({ head, json }: EventText): NewEvent | undefined {
  const fields = asFields(parse(head))
  const source = asString(fields.source)
  const type = asString(fields.type)
  if (source === undefined || type === undefined) return undefined
  const timestamp = asNumber(fields.timestamp) ?? 0
  return { source, type, json: json || undefined, id: asString(fields.id), timestamp }
}

/** An event as two texts: its metadata, and its payload, empty if it has none. */
export interface EventText {
  readonly head: string
  readonly json: string
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
