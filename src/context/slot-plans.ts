import type {
  DerivedOptions,
  EntryLimit,
  KeyedOptions,
  KeyedReduceOptions,
  ReduceOptions,
  SlotRules,
} from './registry-options.ts'
import type { SlotPlan } from './slot.ts'

/** Returns the key of a context's entity. */
export type KeySelector<Context> = (context: Context) => string | undefined

/** Returns the plan of a slot whose values are the contexts themselves. */
export function valuePlan<Context extends object>(
  name: string,
  key: KeySelector<Context> | undefined,
  options: KeyedOptions<Context>,
): SlotPlan<Context, Context | undefined> {
  const next =
    options.apply === 'merge'
      ? (previous: Context | undefined, context: Context) => ({ ...previous, ...context })
      : undefined
  return { name, key, next, ...rulesOf(options, key !== undefined) }
}

/** Returns the plan of a slot whose values a reducer computes. */
export function reducePlan<Context, State>(
  name: string,
  how: ReduceOptions<Context, State> & Partial<KeyedReduceOptions<Context, State>>,
): SlotPlan<Context, State | undefined> {
  const { initial, apply, key } = how
  return {
    name,
    key,
    next: (previous, context) => apply(previous === undefined ? initial : previous, context),
    ...rulesOf(how, key !== undefined),
  }
}

/** Returns the plan of a slot whose values are computed from one context each. */
export function derivedPlan<Context, Value>(
  name: string,
  key: KeySelector<Context>,
  toValue: (context: Context) => Value | undefined,
  options: DerivedOptions,
): SlotPlan<Context> {
  return { name, key, next: (_, context) => toValue(context), ...rulesOf(options, true) }
}

function rulesOf(options: SlotRules & EntryLimit, keyed: boolean) {
  return {
    order: options.order ?? 'arrival',
    equality: options.equality ?? (keyed ? 'shallow' : 'always'),
    maxEntries: options.maxEntries ?? Number.POSITIVE_INFINITY,
  } as const
}
