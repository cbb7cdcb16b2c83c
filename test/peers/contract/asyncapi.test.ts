import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { asyncapi, contract } from 'wirefold/contract'
import { z } from 'zod'
import { described } from '../../contract/described-shop.ts'
import { installed } from '../installed.ts'

/** The part of `@asyncapi/parser` that is used here. */
interface AsyncApiParser {
  readonly Parser: new () => {
    parse(
      text: string,
      options?: { readonly source?: string },
    ): Promise<{
      readonly document?: {
        operations(): { all(): readonly { id(): string; reply(): unknown }[] }
        channels(): { all(): readonly { address(): string | null }[] }
        schemas(): { all(): readonly unknown[] }
      }
      readonly diagnostics: readonly { readonly severity: number; readonly message: string }[]
    }>
  }
}

/** The severity of an error; 1 is a warning, such as for an `info` without a contact. */
const ERROR = 0

describe('the parser of AsyncAPI', () => {
  const { modules, remove } = installed(['@asyncapi/parser@3.6.6'])
  afterAll(remove)
  const { Parser }: AsyncApiParser = createRequire(join(modules, 'x.js'))('@asyncapi/parser')
  const parse = async (document: unknown, source?: string) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document)
    const { document: parsed, diagnostics } = await new Parser().parse(
      text,
      source ? { source } : {},
    )
    const errors = diagnostics.filter(({ severity }) => severity === ERROR)
    return { parsed, errors: errors.map(({ message }) => message) }
  }

  it('reads the document of a contract without an error', async () => {
    const { parsed, errors } = await parse(asyncapi(described))
    expect(errors).toEqual([])
    expect(
      parsed
        ?.channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual([
      ...['shop:{id}', 'doc:{doc_id}:page/{page}', 'doc:*', 'entity:Task', 'empty'],
      ...[null, null, null, null, null, null],
      'presence:shop:{id}',
    ])
    const operations = parsed?.operations().all() ?? []
    expect(operations.filter((operation) => operation.reply())).toHaveLength(3)
  })

  it('reads that of an empty contract', async () => {
    expect((await parse(asyncapi(contract({ channels: {} })))).errors).toEqual([])
  })

  it('reads the document of the protocol, with the schemas beside it', async () => {
    const source = 'docs/protocol/asyncapi.yaml'
    const text = readFileSync(source, 'utf8')
    const { parsed, errors } = await parse(text, source)
    expect(errors).toEqual([])
    const operations = parsed?.operations().all() ?? []
    expect(operations.filter((operation) => operation.reply())).toHaveLength(8)
    // The schemas beside the document are resolved: a wrong name in one is found.
    const wrong = text.replace('#/definitions/hello', '#/definitions/helo')
    expect((await parse(wrong, source)).errors).not.toEqual([])
  })

  it('finds the error in a document that is changed', async () => {
    const document = asyncapi(contract({ channels: { a: { b: z.string() } } }))
    const send_a = { ...document.operations.send_a, action: 'sends' }
    expect((await parse({ ...document, operations: { send_a } })).errors).not.toEqual([])
  })
})
