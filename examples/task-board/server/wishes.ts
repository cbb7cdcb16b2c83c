import { refuse } from 'wirefold/server'
import type { TaskChange } from '../shared.ts'
import { LONGEST } from '../shared.ts'

/* What a peer wants is looked at field by field: it may be anything. */

/** The title a request wants a task to have. */
export function titleIn(wish: unknown): string {
  const { title } = fieldsOf(wish)
  const text = typeof title === 'string' ? title.trim() : ''
  if (!text || text.length > LONGEST.title) {
    throw refuse('bad-title', `a title has 1 to ${LONGEST.title} characters`)
  }
  return text
}

/** What a request wants to change of a task. */
export function changeIn(wish: unknown): TaskChange {
  const { title, done } = fieldsOf(wish)
  return {
    ...(title !== undefined && { title: titleIn(wish) }),
    ...(typeof done === 'boolean' && { done }),
  }
}

/** The id of the task that a request is about; one that is none is nobody's. */
export function idIn(wish: unknown): string {
  return String(fieldsOf(wish).id)
}

function fieldsOf(wish: unknown): Readonly<Record<string, unknown>> {
  return typeof wish === 'object' && wish !== null ? { ...wish } : {}
}
