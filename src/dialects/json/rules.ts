import type { Fields } from '../../protocol/fields.ts'
import type { JsonCondition, JsonReceive, JsonValue } from './declaration.ts'
import { frames } from './frames.ts'

type Kind = keyof JsonReceive

/** Where a value of a message is: a path, or a function that returns the value. */
type Place = string | ((message: never) => unknown)

/** A place, and the values there that are recognised: by default all but `null` and `false`. */
type Condition = readonly [place: Place, values?: JsonValue | readonly JsonValue[]]

/** A rule of any kind: its condition, and where its fields are. */
interface Declared {
  readonly when?: JsonCondition<never> | undefined
  readonly [field: string]: unknown
}

/**
 * Returns the rules that are declared, in the order in which they are tried: those with `when` in their
 * own order, then the others. An event needs more fields than a reply, and comes before it.
 */
export function rulesOf(receive: object): readonly Rule[] {
  return Object.entries(receive)
    .flatMap(([kind, rule]: [string, Declared | undefined]) =>
      rule && isKind(kind) ? ruleOf(kind, rule) : [],
    )
    .sort((a, b) => a.rank - b.rank)
}

function isKind(name: string): name is Kind {
  return name in frames
}

function ruleOf(kind: Kind, { when, ...fields }: Declared): Rule {
  const isPlace = (value: unknown): value is Place =>
    typeof value === 'string' || typeof value === 'function'
  const places = Object.entries(fields).filter((entry): entry is [string, Place] =>
    isPlace(entry[1]),
  )
  const reads = places.map(([name, place]) => [name, reading(place)] as const)
  const needed = kind === 'event' ? ['channel', 'type'] : ['id']
  const conditions: readonly Condition[] = isPlace(when)
    ? [[when]]
    : when
      ? Object.entries(when)
      : places.flatMap(([name, place]) => (needed.includes(name) ? [[place]] : []))
  const checks = conditions.map(([place, values]) => {
    const known: readonly unknown[] | undefined = values === undefined ? values : [values].flat()
    return [reading(place), known] as const
  })
  return {
    kind,
    rank: when ? 0 : needed.length === 2 ? 1 : 2,
    conditions: conditions.map(String),
    recognises(wire) {
      try {
        return checks.every(([read, values]) => {
          const value = read(wire)
          return values ? values.includes(value) : (value ?? false) !== false
        })
      } catch {
        return false
      }
    },
    read: (wire) => Object.fromEntries(reads.map(([name, read]) => [name, read(wire)])),
  }
}

/** Returns the function that reads the value at a place. */
export function reading(place: Place): (wire: unknown) => unknown {
  // The type of the message is an expectation of the declaration.
  if (typeof place === 'function') return (wire) => place(wire as never)
  const names = place.split('.')
  return (wire) => {
    let value = wire
    for (const name of names) {
      const holder: Fields = Object(value)
      // Own fields only: every array inherits a function `at`.
      value = Object.hasOwn(holder, name) ? holder[name] : undefined
    }
    return value
  }
}

/** A rule, by which messages are recognised and read. */
export interface Rule {
  readonly kind: Kind
  readonly rank: number
  /** Its conditions as texts, which are equal for equal conditions. */
  readonly conditions: readonly string[]
  /** Returns whether a message is of this rule. A function that throws does not recognise it. */
  recognises(wire: unknown): boolean
  /** Returns the fields of a message; throws where a function of the declaration does. */
  read(wire: unknown): Fields
}
