import type { EventBus } from './event-bus.ts'

/**
 * Wraps a function so that its result is also published as an event. The payload is the result
 * after a round trip through JSON. No event is published if the function throws, or returns `null`
 * or `undefined`.
 *
 * @returns a function with the same result as `run`; its promise settles after the event's
 * subscribers
 * @example
 * import { EventBus, publishEvent } from 'wirefold/server'
 *
 * const bus = new EventBus<{ 'task:created': Task }>()
 * const create = publishEvent(bus, 'task:created', (title: string) => sqlTasks.create({ title }))
 */
export function publishEvent<Events extends object, Args extends readonly unknown[], Result>(
  bus: EventBus<Events>,
  type: PublishableType<Events, Result>,
  run: (...args: Args) => Result | Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    const result = await run(...args)
    if (result === null || result === undefined) return result
    let payload: Events[typeof type]
    try {
      payload = JSON.parse(JSON.stringify(result))
    } catch (error) {
      // `run` succeeded, so a result that JSON cannot represent must not make the call fail.
      bus.report(error)
      return result
    }
    await bus.publish(type, payload)
    return result
  }
}

/** The type of a value after a round trip through JSON: a `Date` becomes an ISO 8601 string. */
export type AsJson<Value> = Value extends Date
  ? string
  : Value extends (...args: never) => unknown
    ? never
    : Value extends object
      ? { [Key in keyof Value]: AsJson<Value[Key]> }
      : Value

/** The event types whose payload the result can be. */
export type PublishableType<Events, Result> = {
  [Type in keyof Events]: AsJson<NonNullable<Result>> extends Events[Type] ? Type : never
}[keyof Events]
