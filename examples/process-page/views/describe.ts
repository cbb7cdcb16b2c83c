import type { DocumentContext } from 'wirefold/dialects/duui'

/** How a status looks. */
export type Tone = 'active' | 'waiting' | 'done' | 'failed' | 'quiet'

/** Where a document is in the pipeline; an entity of the registry. */
export interface Step {
  readonly component: string
  readonly status: string
}

/** What a row of a document list says. */
export interface Row {
  readonly name: string
  readonly tone: Tone
  readonly status: string
  readonly detail: string
  /** How many components are done with it. */
  readonly done: number
}

/** What there is to say of a document; the same in every framework. */
export function describe(document: DocumentContext, step: Step | undefined): Row {
  const { name, error, is_finished: finished, progress: done } = document
  const { started_at: from, finished_at: to } = document
  const status = finished || !step ? document.status : shortStatus(step.status)
  const detail = finished
    ? (error ?? `in ${to - from} ms`)
    : (step?.component ?? size(document.size))
  return { name, tone: toneOf(status), status, detail, done }
}

/** How a status of a document, component, worker or process looks. */
export function toneOf(status: string): Tone {
  switch (shortStatus(status)) {
    case 'Completed':
      return 'done'
    case 'Failed':
    case 'Cancelled':
      return 'failed'
    case 'Waiting':
    case 'Wait':
    case 'Idle':
      return 'waiting'
    case 'Skipped':
    case 'Inactive':
    case 'Shutdown':
      return 'quiet'
    default:
      return 'active'
  }
}

/** A status without the word every step of a component begins with. */
export function shortStatus(status: string): string {
  return status.replace(/^Component /, '')
}

/** A number of bytes, for people. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}
