import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockWith } from '../../documents/blocks.ts'
import type { FreshCopy } from './fresh-copy.ts'
import { freshCopy } from './fresh-copy.ts'

describe('the programs among the examples', () => {
  let copy: FreshCopy

  beforeAll(() => {
    copy = freshCopy()
  })

  afterAll(() => copy?.remove())

  it('node-script: a client that uses a server and ends', async () => {
    const server = copy.run('node-script', { PORT: '0' })
    const URL = await server.prints(/Serving (\S+)/)
    const client = copy.run('node-script', { URL }, 2)
    expect(await client.ended, client.printed()).toBe(0)
    expect(client.printed()).toMatch(/2 \+ 3 = 5\n(The server has 2\S+Z\n){3}$/)
  })

  it('custom-dialect: a backend with a protocol of its own', async () => {
    const program = copy.run('custom-dialect')
    expect(await program.ended, program.printed()).toBe(0)
    expect(program.printed()).toMatch(/lobby: said hello\nshout: HELLO\nrefused: .*whisper/)
  })

  it('custom-dialect: has the dialect of the documentation', () => {
    const withoutImports = (code: string) => code.slice(code.indexOf('/**'))
    const { code } = blockWith('docs/writing-a-dialect.md', 'export const rooms')
    const file = readFileSync('examples/custom-dialect/rooms.ts', 'utf8')
    expect(withoutImports(file)).toBe(withoutImports(code))
  })

  it('document-session: a session that is followed until it is completed', async () => {
    const program = copy.run('document-session')
    expect(await program.ended, program.printed()).toBe(0)
    expect(program.printed()).toContain(`acknowledged: { noted: 'hello' }`)
    expect(program.printed()).toContain('open: COMPLETED, 100 % | llama3.1:8b: completed')
  })
})
