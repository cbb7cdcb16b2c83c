import { badOption } from './errors.ts'

/** Names of other libraries, as patterns, and what has their meaning here; the first match counts. */
export type OtherNames = readonly (readonly [pattern: RegExp, here: string])[]

/**
 * Throws `bad-option` if an object has a name that `known` lacks; the error names the right one, or
 * all. A member that is `undefined` counts as left out.
 *
 * @param owner names the owner of the options or events in the error
 */
export function checkNames<Given extends object>(
  owner: string,
  given: Given,
  known: Readonly<Record<keyof Given, unknown>>,
  others: OtherNames = [],
): void {
  if (Object(given) !== given) throw badOption(owner, `${owner} is ${given}. Use an object.`)
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    const similar = new RegExp(name.replace(/\W/g, '.'), 'i')
    const right = others.find(([pattern]) => pattern.test(name))?.[1]
    const hint = right ?? names.find((other) => similar.test(other)) ?? `one of ${names.join(', ')}`
    throw badOption(name, `${owner} does not know the name ${name}. Use ${hint}.`)
  }
}

/** The kind of value that an option takes; a number is 0 or more, and may be infinite. */
export type OptionKind = 'function' | 'number' | 'string'

/**
 * Throws `bad-option` if an option is of another kind than demanded: it would fail later, far from its
 * place. A member that is `undefined` counts as left out.
 *
 * @param owner names the owner of the options in the error
 */
export function checkKinds<Name extends string>(
  owner: string,
  given: object,
  kinds: Readonly<Record<Name, OptionKind>>,
): void {
  for (const name in kinds) {
    const value: unknown = Reflect.get(given, name)
    const kind = kinds[name]
    // Not a number compares as false with every number.
    const right = typeof value === kind && (kind !== 'number' || Number(value) >= 0)
    if (value === undefined || right) continue
    const wanted = kind === 'number' ? 'number from 0' : kind
    const message = `The option ${name} of ${owner} is ${shown(value)}. Use a ${wanted}.`
    throw badOption(name, message)
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return typeof value === 'number' || value === null ? String(value) : `a ${typeof value}`
}

/**
 * Returns the members of `defaults`, each replaced by the one of `given` unless that is left out.
 * Throws as {@link checkNames} does.
 */
export function withDefaults<Given extends object, Defaults extends object>(
  owner: string,
  given: Given,
  defaults: Defaults & Readonly<Record<keyof Given, unknown>>,
  others?: OtherNames,
): Filled<Given, Defaults> {
  checkNames(owner, given, defaults, others)
  // A copy whose members are replaced keeps its hidden class: each request takes this path.
  const filled: Record<string, unknown> = { ...defaults }
  for (const name in filled) filled[name] = Reflect.get(given, name) ?? filled[name]
  return filled as Filled<Given, Defaults>
}

/** The type of options with their defaults filled in. */
type Filled<Given, Defaults> = {
  readonly [Name in keyof Defaults]:
    | Defaults[Name]
    | (Name extends keyof Given ? Exclude<Given[Name], undefined> : never)
}
