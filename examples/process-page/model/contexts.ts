import { ContextRegistry } from 'wirefold'
import type { DUUIContext, DUUIEvent } from 'wirefold/dialects/duui'
import { keepNewest } from './keep-newest.ts'

/** An event as a whole: a context of our own, around the gateway's, for the list of messages. */
export interface ProcessEvent extends DUUIEvent {
  readonly kind: 'ProcessEvent'
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** How many messages are kept. */
const KEPT_MESSAGES = 60

/*
 * A run tells some things twice, and some late: what is on the timeline may arrive live as well, and
 * worker threads overtake each other. Hence `dedupe` by event id, and the order of the gateway's
 * clock rather than that of arrival: a document that is completed stays completed.
 */
const newest = { order: 'timestamp' } as const

/** The rules by which events become state; every process has a scope of its own. */
export const processes = new ContextRegistry<DUUIContext | ProcessEvent>({
  dedupe: true,
  notify: 'frame',
})
  .reduce('ProcessEvent', {
    initial: [] as readonly ProcessEvent[],
    apply: (messages, event) => keepNewest(messages, event, KEPT_MESSAGES),
    parts: (event) => [event.context],
  })
  .single('ComposerContext', newest)
  .single('ReaderContext', newest)
  .keyed('DriverContext', (driver) => driver.driver, newest)
  .keyed('WorkerContext', (worker) => worker.thread || worker.name, {
    ...newest,
    parts: (worker) => [worker.composer],
  })
  .keyed('DocumentContext', (document) => document.path, newest)
  .keyed('ComponentContext', (component) => component.component, newest)
  .keyed('InstantiatedComponentContext', (instance) => instance.instance_id, {
    ...newest,
    parts: (instance) => [instance.component],
  })
  .union('DocumentProcessContext', (step) => [step.document, step.composer])
  .union('DocumentComponentProcessContext', (step) => [step.document, step.instantiated_component])
  // Where a document is right now is told by the step as a whole, not by the document in it.
  .derived(
    'currentStep',
    'DocumentComponentProcessContext',
    (step) => step.document.document.path,
    (step) => ({ component: step.instantiated_component.component.name, status: step.status }),
    newest,
  )
  .complete()

/** The state of one process: what views read. */
export type ProcessContexts = typeof processes
