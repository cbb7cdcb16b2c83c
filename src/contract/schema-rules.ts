import type { ContractRules, Verdict } from '../ports/contract-rules.ts'
import type { ContractSchemas } from './contract-types.ts'
import type { Leaf } from './leaves.ts'
import { TemplateTable } from './names/template-table.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'
import { validateValue } from './validate-value.ts'

/** Channels of the protocol, which no contract has to list. */
const EXEMPT = /^(user|presence):/

/** The rules of a contract with schemas. */
export class SchemaRules implements ContractRules {
  /** A part that the contract leaves out is `undefined`: then nothing is known about its names. */
  readonly #channels: TemplateTable | undefined
  readonly #presence: TemplateTable | undefined
  readonly #requests: ReadonlySet<string> | undefined
  /** The schemas by part and names; names cannot be mistaken for each other as JSON. */
  readonly #schemas: ReadonlyMap<string, StandardSchemaV1>

  /**
   * Throws `bad-option` for a template that is none, and for two templates that fit the same names
   * where nothing decides which counts.
   */
  constructor({ channels, requests, presence }: ContractSchemas, leaves: readonly Leaf[]) {
    this.#channels = channels && new TemplateTable(Object.keys(channels), 'channels')
    this.#presence = presence && new TemplateTable(Object.keys(presence), 'presence')
    this.#requests = requests && new Set(Object.keys(requests))
    this.#schemas = new Map(
      leaves.map(({ part, names, schema }) => [keyOf(part, ...names), schema]),
    )
  }

  lists(channel: string): boolean {
    return !this.#channels || EXEMPT.test(channel) || this.#channels.lists(channel)
  }

  templateOf(channel: string): string | undefined {
    return this.#channels?.find(channel)?.text
  }

  listsResource(resource: string): boolean {
    return !this.#presence || this.#presence.find(resource) !== undefined
  }

  listsType(channel: string, type: string): boolean {
    const template = this.#channels?.find(channel)
    return !template || this.#schemas.has(keyOf('channels', template.text, type))
  }

  checkEvent(channel: string, type: string, payload: unknown): Verdict | Promise<Verdict> {
    const template = this.#channels?.find(channel)
    if (!template) return { value: payload }
    const schema = this.#schemas.get(keyOf('channels', template.text, type))
    return schema ? validateValue(schema, payload) : { value: payload, unlisted: true }
  }

  checkRequest(type: string, payload: unknown): Verdict | Promise<Verdict> {
    return this.#check(type, 'payload', payload)
  }

  checkReply(type: string, reply: unknown): Verdict | Promise<Verdict> {
    return this.#check(type, 'reply', reply)
  }

  checkMeta(resource: string, meta: unknown): Verdict | Promise<Verdict> {
    const template = this.#presence?.find(resource)
    const schema = template && this.#schemas.get(keyOf('presence', template.text))
    return schema ? validateValue(schema, meta) : { value: meta }
  }

  #check(type: string, side: string, value: unknown): Verdict | Promise<Verdict> {
    if (this.#requests?.has(type) === false) return { value, unlisted: true }
    const schema = this.#schemas.get(keyOf('requests', type, side))
    return schema ? validateValue(schema, value) : { value }
  }
}

function keyOf(part: Leaf['part'], ...names: readonly string[]): string {
  return `${part}\n${names.join('\n')}`
}
