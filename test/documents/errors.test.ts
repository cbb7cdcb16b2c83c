import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, ContextRegistry, isWirefoldError, type WirefoldError } from 'wirefold'
import { createRealtimeServer, duuiMount } from 'wirefold/server'
import { refusalError } from '../../src/base/errors.ts'
import { type RefusalCode, refusal } from '../../src/server/access/refusals.ts'
import { unavailable } from '../../src/server/redis/connection/unavailable.ts'
import { scripted } from '../support/scripted.ts'
import { codesIn, dialectRefusals, sourcesOf } from './dialect-refusals.ts'
import { firstCells } from './generated.ts'
import { ways } from './raised-errors.ts'
import { membersIn } from './source-types.ts'

const PAGE = 'docs/reference/errors.md'
const page = readFileSync(PAGE, 'utf8')
const protocol = readFileSync('docs/protocol.md', 'utf8')
const details = membersIn('src/base/errors.ts', 'ErrorDetails')

/** Returns the names of the keys of the server's own messages. */
function refusalCodes(): readonly RefusalCode[] {
  const text = readFileSync('src/server/access/refusals.ts', 'utf8')
  const [, messages = ''] = /const MESSAGES = \{([\s\S]*?)\n\} as const/.exec(text) ?? []
  return [...messages.matchAll(/^ {2}'?([\w-]+)'?:/gm)].map(([, code]) => code as RefusalCode)
}

/** Returns the page with the details and the message of an error in its section. */
function withError(text: string, { code, message }: WirefoldError): string {
  const fields = details.get(code) ?? []
  const detail = fields.map((field) => `\`${field}\``).join(', ') || 'none'
  // A message that contains code stands between two marks.
  const shown = message.includes('`') ? `\`\` ${message} \`\`` : `\`${message}\``
  const section = new RegExp(
    `(### ${code}\n[\\s\\S]*?)- \\*\\*Detail\\*\\*.*\n- \\*\\*Message\\*\\*.*`,
  )
  return text.replace(section, (_, before) => {
    return `${before}- **Detail**: ${detail}\n- **Message**: ${shown}`
  })
}

/** Returns the page with the message of a refusal, and whether it may be repeated, in its row below a heading. */
function withRefusal(
  text: string,
  heading: string,
  refused: { code: string; message: string; retryable: boolean },
): string {
  const row = new RegExp(
    `(\n${heading}\n[\\s\\S]*?\n\\| \`${refused.code}\` \\|[^|]*\\|[^|]*\\|[^|]*\\|).*`,
  )
  const cells = ` ${refused.retryable ? 'yes' : 'no'} | ${refused.message} |`
  return text.replace(row, (_, before) => `${before}${cells}`)
}

/** The sources outside the testing kit that make plain errors. */
const plainErrors = [
  // A component without its provider.
  'src/adapters/react.ts',
  'src/adapters/realtime-signals.ts',
  // Causes of other errors, which no promise of the application rejects with.
  'src/dialects/json/frames.ts',
  'src/dialects/json/uses.ts',
  'src/server/channels/publish-context.ts',
  'src/server/redis/channels/append-step.ts',
  'src/storage/stored-outbox.ts',
  'src/transports/long-polling.ts',
  'src/transports/ordered-stream.ts',
  // Reports of the Redis broker.
  'src/server/redis/batches/batch-queue.ts',
  'src/server/redis/connection/ioredis.ts',
  'src/server/redis/connection/own-connection.ts',
  'src/server/redis/redis-broker.ts',
  'src/server/redis/request-owner.ts',
  // Errors that Socket.IO sends as `connect_error`.
  'src/server/mounts/socketio/bridged-socket.ts',
]

/** Wrong uses of functions, each in one call. */
const misuses = {
  'a second ChannelSubscriber'() {
    const { client } = scripted()
    for (const _ of [1, 2]) new ChannelSubscriber(client)
  },
  'a second handler of a type'() {
    const server = createRealtimeServer()
    for (const _ of [1, 2]) server.handle('order:place', () => 1)
  },
  'a second mount at a path'() {
    const server = createRealtimeServer()
    for (const _ of [1, 2]) server.mount('/duui', duuiMount())
  },
  'a second slot of a name'() {
    const registry = new ContextRegistry<{ kind: 'a' }>()
    for (const key of ['first', 'second']) registry.keyed('a', () => key)
  },
}

describe('the page about errors', () => {
  it('shows each error as the package raises it; accept a change with --update', async () => {
    let text = page
    for (const [code, way] of Object.entries(ways)) {
      const error = await way()
      if (!isWirefoldError(error, code)) throw new Error(`${code} was not raised, but ${error}`)
      text = withError(text, error)
      const known = (details.get(code) ?? []).map((field) => field.replace('?', ''))
      expect(known, code).toEqual(expect.arrayContaining(Object.keys(error.detail)))
    }
    const refusals = refusalCodes().map((code) => refusal(code))
    const { code, message } = unavailable()
    for (const refused of [...refusals, { code, message, retryable: true }]) {
      text = withRefusal(text, '## Refusals of the server', refused)
    }
    for (const [code, refused] of Object.entries(dialectRefusals)) {
      const { retryable, ...rest } = refused()
      const { message } = refusalError('shop:42', { retryable, ...rest })
      text = withRefusal(text, '## Codes of dialects', { code, message, retryable })
    }
    await expect(text).toMatchFileSnapshot(`../../${PAGE}`)
  })

  it('has a section for every code, and a row for every refusal', () => {
    const [own = ''] = page.split('## Refusals of the server')
    const sections = [...own.matchAll(/^### (.+)$/gm)].map(([, code]) => code)
    expect(sections).toEqual([...details.keys()].sort())
    expect([...firstCells(page, '## Refusals of the server')].sort()).toEqual(
      [...refusalCodes(), 'unavailable'].sort(),
    )
    expect([...firstCells(page, '## Codes of dialects')].sort()).toEqual(
      Object.keys(dialectRefusals).sort(),
    )
  })

  it.each(Object.entries(misuses))('is right that %s is a bad-option', (_, misuse) => {
    expect(misuse).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })

  it('says where plain errors come from, which no other source throws', () => {
    const plain = sourcesOf('src').filter(([, text]) => /new (Type|Range)?Error\(/.test(text))
    const other = plain.map(([file]) => file).filter((file) => !file.startsWith('src/testing/'))
    expect(other.sort()).toEqual(plainErrors.sort())
  })

  it('has every code that the sources give to an error, those of dialects too', () => {
    const [, upgrades = ''] = protocol.split('## Refused upgrades')
    const named = new Set([
      ...[...upgrades.matchAll(/^\| \d+ \| `([\w-]+)`/gm)].map(([, code]) => code),
      ...details.keys(),
      ...firstCells(page, '## Refusals of the server'),
      ...firstCells(page, '## Codes of dialects'),
    ])
    const found = codesIn('src')
    // Not for applications: the reason why a lost subscription waits before it is renewed.
    found.delete('dropped')
    // Of an event for stock clients of Socket.IO; their page has it.
    found.delete('too-slow')
    expect([...found].filter((code) => !named.has(code))).toEqual([])
    expect([...Object.keys(dialectRefusals)].filter((code) => !found.has(code))).toEqual([])
  })
})
