import type { EventBus } from './event-bus.ts'

/** A value as it is once it went through JSON: dates are ISO 8601 texts. */
export type AsJson<Value> = Value extends Date
  ? string
  : Value extends (...args: never) => unknown
    ? never
    : Value extends object
      ? { [Key in keyof Value]: AsJson<Value[Key]> }
      : Value

/** The events whose payload a function's result can be. */
type TypesFor<Events, Result> = {
  [Type in keyof Events]: AsJson<NonNullable<Result>> extends Events[Type] ? Type : never
}[keyof Events]

/**
 * Wraps a function so that what it returns is also an event: published once after it succeeded, as
 * JSON would tell it, and not at all where it threw or returned nothing.
 *
 * @returns does what `run` does, with the same result, which is not touched; settles after the
 * event's subscribers
 * @example
 * const updateAgent = publishEvent(bus, 'agent:updated', (id: string, change: Change) => agents.update(id, change))
 */
export function publishEvent<Events extends object, Args extends readonly unknown[], Result>(
  bus: EventBus<Events>,
  type: TypesFor<Events, Result>,
  run: (...args: Args) => Result | Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    const result = await run(...args)
    if (result === null || result === undefined) return result
    let payload: Events[typeof type]
    try {
      payload = JSON.parse(JSON.stringify(result))
    } catch (error) {
      // It succeeded: what JSON cannot tell is no failure of it.
      bus.report(error)
      return result
    }
    await bus.publish(type, payload)
    return result
  }
}
