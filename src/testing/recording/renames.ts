import { isFields } from '../../protocol/fields.ts'

/** Minimum length of a generated id, in characters. */
const LEAST_ID = 8

/** A value of a recording, and the one in its place in this run. */
export interface Rename {
  /** Name of the field. */
  readonly name: string
  readonly recorded: string | number
  readonly sent: string | number
}

/** Whether a text may be a generated id: shorter ones, such as `42`, are chosen by the application. */
export function isGenerated(text: string): boolean {
  return text.length >= LEAST_ID
}

/** The values of a recording that are others in this run, such as ids. */
export class Renames {
  /** Generated ids, which are replaced wherever they stand. */
  readonly #ids = new Map<string, string>()
  /** Lengths of the recorded ids. */
  readonly #lengths = new Set<number>()
  /** Numbers and short texts, which are replaced in fields of the same name. */
  readonly #byName = new Map<string, string | number>()

  /** Adds what a comparison found. */
  add(renames: readonly Rename[]): void {
    for (const { name, recorded, sent } of renames) {
      if (typeof recorded === 'string' && typeof sent === 'string' && isGenerated(recorded)) {
        this.#ids.set(recorded, sent)
        this.#lengths.add(recorded.length)
      } else this.#byName.set(keyOf(name, recorded), sent)
    }
  }

  /** Returns a text with the values of this run; in JSON they are replaced in its values and names. */
  inText(text: string): string {
    if (this.#ids.size === 0 && this.#byName.size === 0) return text
    const value = jsonOf(text)
    if (value === undefined) return this.#inPlain(text)
    const renamed = this.#inValue('', value)
    return renamed === value ? text : JSON.stringify(renamed)
  }

  /** Returns the value itself where nothing in it is replaced. */
  #inValue(name: string, value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'number') {
      const sent = this.#byName.get(keyOf(name, value))
      if (sent !== undefined || typeof value === 'number') return sent ?? value
      return this.#ids.get(value) ?? this.inText(value)
    }
    if (Array.isArray(value)) {
      const items = value.map((item, index) => this.#inValue(String(index), item))
      return items.some((item, index) => item !== value[index]) ? items : value
    }
    if (!isFields(value)) return value
    const fields = Object.entries(value)
    const renamed = fields.map(([key, item]) => [this.#inPlain(key), this.#inValue(key, item)])
    const isSame = renamed.every(
      ([key, item], n) => key === fields[n]?.[0] && item === fields[n]?.[1],
    )
    return isSame ? value : Object.fromEntries(renamed)
  }

  /** Replaces ids anywhere in a text, each place once. */
  #inPlain(text: string): string {
    let [result, from] = ['', 0]
    for (let at = 0; at <= text.length - LEAST_ID; at++) {
      for (const length of this.#lengths) {
        const sent = this.#ids.get(text.slice(at, at + length))
        if (sent === undefined) continue
        result += text.slice(from, at) + sent
        from = at + length
        at = from - 1
        break
      }
    }
    return from === 0 ? text : result + text.slice(from)
  }
}

/** Returns the array or object of a text in JSON, else `undefined`. */
function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function keyOf(name: string, value: string | number): string {
  return `${name} ${JSON.stringify(value)}`
}
