import { refuse } from 'wirefold/server'
import type { TaskChange } from '../shared.ts'
import { LONGEST } from '../shared.ts'

/* Each payload is validated field by field, since a peer may send any value. */

/** Returns the title in a request. */
export function titleIn(payload: unknown): string {
  const { title } = fieldsOf(payload)
  const text = typeof title === 'string' ? title.trim() : ''
  if (!text || text.length > LONGEST.title) {
    throw refuse('bad-title', `a title has 1 to ${LONGEST.title} characters`)
  }
  return text
}

/** Returns the changes in a request. */
export function changeIn(payload: unknown): TaskChange {
  const { title, done } = fieldsOf(payload)
  return {
    ...(title !== undefined && { title: titleIn(payload) }),
    ...(typeof done === 'boolean' && { done }),
  }
}

/** Returns the id in a request; an invalid id matches no task. */
export function idIn(payload: unknown): string {
  return String(fieldsOf(payload).id)
}

function fieldsOf(payload: unknown): Readonly<Record<string, unknown>> {
  return typeof payload === 'object' && payload !== null ? { ...payload } : {}
}
