import type { DocumentContext } from 'wirefold/dialects/duui'

/** The colour of a status. */
export type Tone = 'active' | 'waiting' | 'done' | 'failed' | 'quiet'

/** The position of a document in the pipeline; an entity of the registry. */
export interface Step {
  readonly component: string
  readonly status: string
}

/** The texts of a row in a document list. */
export interface Row {
  readonly name: string
  readonly tone: Tone
  readonly status: string
  readonly detail: string
  /** Number of components that are done with the document. */
  readonly done: number
}

/** Returns the row of a document, for every framework. */
export function describe(document: DocumentContext, step: Step | undefined): Row {
  const { name, error, is_finished: finished, progress: done } = document
  const { started_at: from, finished_at: to } = document
  const status = finished || !step ? document.status : shortStatus(step.status)
  const detail = finished
    ? (error ?? `in ${to - from} ms`)
    : (step?.component ?? size(document.size))
  return { name, tone: toneOf(status), status, detail, done }
}

/** Returns the colour of a status of a document, component, worker or process. */
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

/** Returns a status without the prefix that all steps of a component have. */
export function shortStatus(status: string): string {
  return status.replace(/^Component /, '')
}

/** Formats a number of bytes. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}
