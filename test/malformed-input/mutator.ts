import type { Random } from 'wirefold/testing'
import { WRONG } from './malformed-case.ts'

/** Names that a mutation inserts: those of the protocol, and names with a meaning in JavaScript. */
const NAMES = [
  ...['type', 'channel', 'payload', 'requestId', 'id', 'offset', 'prev', 'via', 'timestamp', 'at'],
  ...['refused', 'gaps', 'limits', 'offsets', 'code', 'kind', 'path', 'context', 'event_id', '0'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'length', 'then', ''],
] as const
const WORDS = [
  ...['reply', 'error', 'subscribed', 'unsubscribed', 'welcome', 'ping', 'pong', 'x'],
  ...['wanted', 'docs', 'later', '<request>', '<subscribe>', '__proto__', '\ud800', '\u0000'],
] as const
const NUMBERS = [0, -0, -1, 1, 1.5, 2 ** 53, -(2 ** 53), 1e21, 1e308, 5e-324] as const
/** Characters with a meaning in JSON, and others. */
const ALPHABET = '{}[]",:\\/ \n\t0123456789eE+-.tfnaulsrux\u0000\u2028\ud800\udfff\ufeffé😀'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Generates malformed frames from valid ones; equal seeds give equal frames. */
export class Mutator {
  readonly #random: Random
  readonly #good: readonly string[]

  constructor(random: Random, good: readonly string[]) {
    this.#random = random
    this.#good = good
  }

  /** Returns the next frame, which is usually text. */
  next(): unknown {
    const { pick } = this.#random
    switch (
      pick(['bytes', 'bytes', 'truncate', 'splice', 'types', 'types', 'keys', 'keys', 'more'])
    ) {
      case 'bytes':
        return this.#bytes(pick(this.#good))
      case 'truncate':
        return this.#truncate(pick(this.#good))
      case 'splice':
        return this.#truncate(pick(this.#good)) + this.#truncate(pick(this.#good), true)
      case 'types':
        return this.#edited((holder, name) => put(holder, name, this.#json(2)))
      case 'keys':
        return this.#edited((holder, name) => this.#rename(holder, name))
      default:
        return this.#more()
    }
  }

  #more(): unknown {
    const { pick, below } = this.#random
    switch (pick(['good', 'json', 'json', 'list', 'list', 'repeat', 'deep', 'binary'])) {
      case 'good':
        return pick(this.#good)
      case 'json':
        return JSON.stringify(this.#json(5))
      case 'list':
        return `[${Array.from({ length: below(6) }, () => String(this.next()))}]`
      case 'repeat':
        return `[${Array(1 + below(40)).fill(pick(this.#good))}]`
      case 'deep':
        return `{"type":"x","channel":"wanted","payload":${pick(['[', '{"a":']).repeat(below(200))}`
      default:
        return pick([undefined, null, 7, new ArrayBuffer(8), new Uint8Array(8), {}, [], true])
    }
  }

  /** Replaces, inserts or deletes a few characters. */
  #bytes(text: string): string {
    const { below, pick } = this.#random
    let result = text
    for (let left = 1 + below(4); left > 0; left--) {
      const at = below(result.length)
      const char = pick([
        '',
        ALPHABET.charAt(below(ALPHABET.length)),
        String.fromCharCode(result.charCodeAt(at) ^ (1 << below(8))),
      ])
      result = result.slice(0, at) + char + result.slice(at + below(2))
    }
    return result
  }

  #truncate(text: string, front = false): string {
    const at = this.#random.below(text.length + 1)
    return front ? text.slice(at) : text.slice(0, at)
  }

  /** Changes one field at any depth of a valid message. */
  #edited(edit: (holder: { [name: string]: Json }, name: string) => void): string {
    const { pick, below } = this.#random
    const message: Json = JSON.parse(pick(this.#good))
    let holder = message
    let name: string | undefined
    while (isHolder(holder)) {
      const names = Object.keys(holder)
      name = names.length ? pick(names) : undefined
      const inner = name === undefined ? undefined : holder[name]
      if (name === undefined || !isHolder(inner) || below(2)) break
      holder = inner
    }
    if (isHolder(holder) && name !== undefined) edit(holder, name)
    return JSON.stringify(message)
  }

  #rename(holder: { [name: string]: Json }, name: string): void {
    const value = holder[name] ?? null
    if (this.#random.below(3)) delete holder[name]
    put(holder, this.#random.pick(NAMES), value)
  }

  #json(depth: number): Json {
    const { pick, below } = this.#random
    switch (pick(['wrong', 'wrong', 'word', 'number', 'list', 'object'])) {
      case 'wrong':
        return JSON.parse(pick(Object.values(WRONG)))
      case 'word':
        return pick(WORDS)
      case 'number':
        return pick(NUMBERS)
      case 'list':
        return depth ? Array.from({ length: below(4) }, () => this.#json(depth - 1)) : []
      default: {
        const result = {}
        for (let left = depth ? below(5) : 0; left > 0; left--) {
          put(result, pick(NAMES), this.#json(depth - 1))
        }
        return result
      }
    }
  }
}

function isHolder(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null
}

/** Defines a field, even one named `__proto__`. */
function put(holder: { [name: string]: Json }, name: string, value: Json): void {
  if (Array.isArray(holder) && name === 'length') return
  Object.defineProperty(holder, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}
