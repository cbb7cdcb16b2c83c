import { ContextRegistry } from 'wirefold'
import type { DUUIContext, DUUIEvent } from 'wirefold/dialects/duui'
import { duuiContexts } from 'wirefold/dialects/duui'
import { keepNewest } from './keep-newest.ts'

/** An event as a context of our own, around the gateway's contexts, for the list of messages. */
export interface ProcessEvent extends DUUIEvent {
  readonly kind: 'ProcessEvent'
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** Number of messages in the list. */
const KEPT_MESSAGES = 60

/*
 * Some events arrive twice, and some late: events of the timeline may also arrive live, and worker
 * threads overtake each other. So events are deduplicated by id, and ordered by the gateway's clock
 * instead of arrival: a completed document stays completed.
 */
const newest = { order: 'timestamp' } as const

/** The rules by which events become state; each process has its own scope. */
export const processes = duuiContexts(
  new ContextRegistry<DUUIContext | ProcessEvent>({ dedupe: true, notify: 'frame' }).reduce(
    'ProcessEvent',
    {
      initial: [] as readonly ProcessEvent[],
      apply: (messages, event) => keepNewest(messages, event, KEPT_MESSAGES),
      parts: (event) => [event.context],
    },
  ),
  newest,
)
  // The current step of a document is in the context of the step, not in the document within.
  .derived(
    'currentStep',
    'DocumentComponentProcessContext',
    (step) => step.document.document.path,
    (step) => ({ component: step.instantiated_component.component.name, status: step.status }),
    newest,
  )
  .complete()

/** The state of one process, which the views read. */
export type ProcessContexts = typeof processes
