import { createNanoEvents } from 'nanoevents'

/** Removes a listener; safe to call twice. */
export type Unsubscribe = () => void

/** A fixed, small set of events whose listeners cannot hurt each other or the emitter. */
export interface Emitter<Events extends { [name in keyof Events]: (value: never) => void }> {
  /** Calls `listener` at every `event` until the returned function is called. */
  on<Name extends keyof Events>(event: Name, listener: Events[Name]): Unsubscribe
  /** Calls every listener of `event`; one that throws is reported and stops nobody. */
  emit<Name extends keyof Events>(event: Name, value: Parameters<Events[Name]>[0]): void
  /** Whether anybody listens to `event`. */
  listens(event: keyof Events): boolean
}

/**
 * Wraps nanoevents in what it leaves to its users: a listener that throws does not stop the others,
 * one that was removed during an emit is not called by it, one function added twice is two
 * listeners, and names such as `constructor` are names.
 *
 * @param report receives what a listener threw
 */
export function createEmitter<Events extends { [name in keyof Events]: (value: never) => void }>(
  report: (error: unknown, event: keyof Events) => void,
): Emitter<Events> {
  type Listeners = { [name in keyof Events]: (value: Parameters<Events[name]>[0]) => void }
  const emitter = createNanoEvents<Listeners>()
  // nanoevents looks names up in a plain object, where `constructor` is already something.
  emitter.events = Object.create(null)
  return {
    on(event, listener) {
      let live = true
      const off = emitter.on(event, ((value: never) => {
        if (!live) return
        try {
          listener(value)
        } catch (error) {
          report(error, event)
        }
      }) as Listeners[typeof event])
      return () => {
        live = false
        off()
      }
    },
    emit(event, value) {
      emitter.emit(event, ...([value] as Parameters<Listeners[typeof event]>))
    },
    listens: (event) => Boolean(emitter.events[event]?.length),
  }
}
