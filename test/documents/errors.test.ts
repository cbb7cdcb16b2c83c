import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isWirefoldError, type WirefoldError } from 'wirefold'
import { type RefusalCode, refusal } from '../../src/server/access/refusals.ts'
import { unavailable } from '../../src/server/redis/connection/unavailable.ts'
import { firstCells } from './generated.ts'
import { ways } from './raised-errors.ts'
import { membersIn } from './source-types.ts'

const PAGE = 'docs/reference/errors.md'
const page = readFileSync(PAGE, 'utf8')
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

/** Returns the page with the message of a refusal, and whether it may be repeated, in its row. */
function withRefusal(
  text: string,
  refused: { code: string; message: string; retryable: boolean },
): string {
  const row = new RegExp(`^(\\| \`${refused.code}\` \\|[^|]*\\|[^|]*\\|).*$`, 'm')
  const cells = ` ${refused.retryable ? 'yes' : 'no'} | ${refused.message} |`
  return text.replace(row, (_, before) => `${before}${cells}`)
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
      text = withRefusal(text, refused)
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
  })
})
