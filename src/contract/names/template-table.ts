import { badOption, type WirefoldError } from '../../base/errors.ts'
import type { Template } from './template.ts'
import {
  byPrecedence,
  familyName,
  fits,
  hasMembersIn,
  isName,
  isUndecided,
  parseTemplate,
} from './template.ts'

/** Maximum number of names whose template is remembered. */
const MOST_REMEMBERED = 1_000

/** The templates of a contract's channels or resources; finds the one of a name. */
export class TemplateTable {
  readonly #names = new Map<string, Template>()
  /** The templates with parameters, by their first part where that is literal, else under `''`. */
  readonly #byFirst = new Map<string, Template[]>()
  /** The templates of names found lately. */
  readonly #remembered = new Map<string, Template>()
  readonly #all: readonly Template[]

  /**
   * Throws `bad-option` if a text is no template, or if two of them fit one name and nothing decides
   * which counts.
   *
   * @param option names the part of the contract in that error
   */
  constructor(texts: readonly string[], option: string) {
    this.#all = texts.map((text) => parseTemplate(text, option)).sort(byPrecedence)
    for (const [at, template] of this.#all.entries()) {
      const rival = this.#all.slice(at + 1).find((other) => isUndecided(template, other))
      if (rival) throw undecided(template, rival, option)
      if (isName(template)) this.#names.set(template.text, template)
      else {
        const [first = []] = template.parts
        const key = (first.length === 1 && first[0]) || ''
        const found = this.#byFirst.get(key)
        if (found) found.push(template)
        else this.#byFirst.set(key, [template])
      }
    }
  }

  /**
   * Returns the template that counts for a name, else the entry of the nearest family that has the name
   * as a member; `undefined` if there is none.
   */
  find(name: string): Template | undefined {
    const known = this.#names.get(name) ?? this.#remembered.get(name)
    if (known) return known
    const values = name.split(':')
    const [first = ''] = values
    const fitting = this.#first(first, values) ?? (first && this.#first('', values))
    const found = fitting || this.#familyOf(name, values)
    if (!found) return undefined
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(name, found)
    return found
  }

  /** Whether a template fits a name or, for the name of a family, a member of it. */
  lists(name: string): boolean {
    if (this.find(name)) return true
    return name.endsWith(':*') && this.#all.some((template) => hasMembersIn(template, name))
  }

  #familyOf(name: string, values: readonly string[]): Template | undefined {
    if (/[{}]/.test(name) || name.endsWith(':')) return undefined
    for (let at = values.length - 1; at > 0; at--) {
      const family = this.#names.get(familyName(values.slice(0, at)))
      if (family) return family
    }
    return undefined
  }

  #first(key: string, values: readonly string[]): Template | undefined {
    return this.#byFirst.get(key)?.find((template) => fits(template, values))
  }
}

function undecided(one: Template, other: Template, option: string): WirefoldError {
  const message = `The templates "${one.text}" and "${other.text}" fit the same names, and nothing decides which counts. Remove one, or begin one with a text of its own.`
  return badOption(option, message)
}
