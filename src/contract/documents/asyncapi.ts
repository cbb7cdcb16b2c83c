import { badOption } from '../../base/errors.ts'
import type { Contract, ContractSchemas } from '../contract-types.ts'
import { canonicalJson, inputOf, moved, withKeywords } from '../json-schema.ts'
import type { Leaf } from '../leaves.ts'
import { leavesOf } from '../leaves.ts'
import type { StandardSchemaV1 } from '../standard-schema.ts'

/** The version of JSON Schema that AsyncAPI 3.0 reads. */
const TARGET = 'draft-07'

/**
 * Returns an AsyncAPI 3.0 document of a contract, as JSON: its channels, requests and presence from the
 * server's point of view, with the JSON Schema of what each schema accepts. A payload that has none is
 * described by its name alone.
 *
 * Throws `bad-option` for a contract of types alone.
 *
 * @example
 * import { writeFileSync } from 'node:fs'
 * import { asyncapi, contract } from 'wirefold/contract'
 * import { z } from 'zod'
 *
 * const shop = contract({ channels: { 'shop:{id}': { order: z.object({ id: z.string() }) } } })
 * writeFileSync('asyncapi.json', JSON.stringify(asyncapi(shop)))
 */
export function asyncapi(
  contract: Contract<ContractSchemas>,
  options: AsyncApiOptions = {},
): AsyncApiDocument {
  const { parts, fingerprint } = contract
  if (!Object.keys(parts).length) {
    const message = 'A contract of types alone has no schemas to describe. Make one with schemas.'
    throw badOption('contract', message)
  }
  const document = new DocumentParts(options)
  const leaves = leavesOf(parts)
  const of = (part: Leaf['part'], name: string): readonly Leaf[] =>
    leaves.filter((leaf) => leaf.part === part && leaf.names[0] === name)
  for (const template of Object.keys(parts.channels ?? {})) {
    const events = of('channels', template).map(({ names: [, type = ''], schema }) => {
      return [type, schema] as const
    })
    const sent = document.channel(template, { address: template }, events)
    if (events.length) document.operation(`send ${template}`, { action: 'send', ...sent })
  }
  for (const type of Object.keys(parts.requests ?? {})) {
    const schemaOf = (side: string) =>
      of('requests', type).find(({ names }) => names[1] === side)?.schema
    // A request has no channel of its own: its type stands in the message.
    const about = { address: null, title: type }
    const asked = document.channel(`request ${type}`, about, [[type, schemaOf('payload')]])
    const replied = document.channel(`reply ${type}`, about, [['reply', schemaOf('reply')]])
    document.operation(type, { action: 'receive', ...asked, reply: replied })
  }
  for (const {
    names: [template = ''],
    schema,
  } of leaves.filter(isPresence)) {
    const about = { address: `presence:${template}` }
    const entered = document.channel(`presence ${template}`, about, [['presence:join', schema]])
    document.operation(`enter ${template}`, { action: 'receive', ...entered })
  }
  return {
    asyncapi: '3.0.0',
    info: { title: 'Realtime API', version: fingerprint },
    defaultContentType: 'application/json',
    ...document.result(),
  }
}

/** Options of {@link asyncapi}. */
export interface AsyncApiOptions {
  /**
   * Converts a schema whose library does not convert it itself, such as one of valibot by
   * `@valibot/to-json-schema`, to JSON Schema draft 7; `undefined` for none.
   * @default none
   */
  readonly converter?: ((schema: StandardSchemaV1) => object | undefined) | undefined
}

/** An AsyncAPI 3.0 document. */
export interface AsyncApiDocument {
  /** The version of AsyncAPI. */
  readonly asyncapi: '3.0.0'
  /** The version is the fingerprint of the contract. */
  readonly info: { readonly title: string; readonly version: string }
  /** The media type of the messages. */
  readonly defaultContentType: string
  /** The channels and their messages, by name. */
  readonly channels: Readonly<Record<string, object>>
  /** The operations of the server, by name. */
  readonly operations: Readonly<Record<string, object>>
  /** The schemas to which the messages refer, by name. */
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** A reference within a document. */
interface Reference {
  readonly $ref: string
}

/** The messages of a channel, as an operation names them. */
interface ChannelMessages {
  readonly channel: Reference
  readonly messages: readonly Reference[]
}

/** Collects the parts of a document under keys that are free. */
class DocumentParts {
  readonly #converter: AsyncApiOptions['converter']
  readonly #channels = new Map<string, object>()
  readonly #operations = new Map<string, object>()
  readonly #schemas = new Map<string, object>()
  /** The references of schemas: one that is used twice is written once. */
  readonly #references = new Map<StandardSchemaV1, Reference | undefined>()

  constructor({ converter }: AsyncApiOptions) {
    this.#converter = converter
  }

  channel(
    name: string,
    about: { readonly address: string | null; readonly title?: string },
    messages: readonly (readonly [type: string, schema: StandardSchemaV1 | undefined])[],
  ): ChannelMessages {
    const key = freeKey(this.#channels, name)
    const written = new Map<string, object>()
    for (const [type, schema] of messages) {
      const payload = schema && this.#schema(`${name} ${type}`, schema)
      written.set(freeKey(written, type), { name: type, ...(payload && { payload }) })
    }
    const channel = `#/channels/${key}`
    this.#channels.set(key, {
      ...addressed(about),
      messages: Object.fromEntries(written),
    })
    return {
      channel: { $ref: channel },
      messages: Array.from(written.keys(), (type) => ({ $ref: `${channel}/messages/${type}` })),
    }
  }

  operation(name: string, operation: object): void {
    this.#operations.set(freeKey(this.#operations, name), operation)
  }

  result(): Pick<AsyncApiDocument, 'channels' | 'operations' | 'components'> {
    return {
      channels: Object.fromEntries(this.#channels),
      operations: Object.fromEntries(this.#operations),
      components: { schemas: Object.fromEntries(this.#schemas) },
    }
  }

  #schema(name: string, schema: StandardSchemaV1): Reference | undefined {
    if (this.#references.has(schema)) return this.#references.get(schema)
    const json = lastingInputOf(schema) ?? this.#converter?.(schema)
    const key = freeKey(this.#schemas, name)
    const reference = json && { $ref: `#/components/schemas/${key}` }
    this.#references.set(schema, reference)
    if (reference) this.#schemas.set(key, Object(moved(json, reference.$ref)))
    return reference
  }
}

/** Returns an address with its parameters, whose names have to be of the characters of a key. */
function addressed(about: { readonly address: string | null; readonly title?: string }): object {
  const params = new Map<string, object>()
  const address = about.address?.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const key = freeKey(params, name)
    params.set(key, {})
    return `{${key}}`
  })
  return {
    ...about,
    address: address ?? null,
    ...(params.size && { parameters: Object.fromEntries(params) }),
  }
}

/** Returns a name as a key: of letters, digits, `-` and `_`, and not used yet. */
function freeKey(used: ReadonlyMap<string, unknown>, name: string): string {
  const key = name.replace(/[^A-Za-z0-9-]+/g, '_').replace(/^_|_$/g, '') || 'unnamed'
  for (let count = 1; ; count++) {
    const numbered = count === 1 ? key : `${key}_${count}`
    if (!used.has(numbered)) return numbered
  }
}

/**
 * Returns the JSON Schema of what a schema accepts; without defaults if a function makes one of them,
 * so that each document of a contract is the same.
 */
function lastingInputOf(schema: StandardSchemaV1): unknown {
  const json = inputOf(schema, TARGET)
  if (canonicalJson(json) === canonicalJson(inputOf(schema, TARGET))) return json
  return withKeywords(json, (keyword, value) => (keyword === 'default' ? undefined : value))
}

function isPresence({ part }: Leaf): boolean {
  return part === 'presence'
}
