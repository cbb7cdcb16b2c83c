import { WirefoldError } from './errors.ts'

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
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    const similar = new RegExp(name.replace(/\W/g, '.'), 'i')
    const right = others.find(([pattern]) => pattern.test(name))?.[1]
    const hint = right ?? names.find((other) => similar.test(other)) ?? `one of ${names.join(', ')}`
    throw new WirefoldError('bad-option', `${owner} does not know the name ${name}. Use ${hint}.`, {
      option: name,
    })
  }
}
