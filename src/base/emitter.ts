import { createNanoEvents } from 'nanoevents'

/** An emitter of a small, fixed set of events; it catches and reports the errors of listeners. */
export interface Emitter<Events extends { [name in keyof Events]: (value: never) => void }> {
  /** Calls `listener` at every `event` until the returned function is called. */
  on<Name extends keyof Events>(event: Name, listener: Events[Name]): Unsubscribe
  /**
   * Calls every listener of `event`; if one throws, the error is reported and the others are
   * called.
   */
  emit<Name extends keyof Events>(event: Name, value: Parameters<Events[Name]>[0]): void
  /** Whether `event` has listeners. */
  listens(event: keyof Events): boolean
}

/**
 * Creates an {@link Emitter} on nanoevents, which leaves these cases to its users: a listener that
 * throws does not stop the others, one removed during an emit is not called by it, a function added
 * twice is two listeners, and names such as `constructor` are allowed.
 *
 * @param report receives the error that a listener threw
 */
export function createEmitter<Events extends { [name in keyof Events]: (value: never) => void }>(
  report: (error: unknown, event: keyof Events) => void,
): Emitter<Events> {
  type Listeners = { [name in keyof Events]: (value: Parameters<Events[name]>[0]) => void }
  const emitter = createNanoEvents<Listeners>()
  // nanoevents looks names up in a plain object, which inherits `constructor`.
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

/** Removes a listener; safe to call twice. */
export type Unsubscribe = () => void
