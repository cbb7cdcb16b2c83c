import { readFileSync } from 'node:fs'
import * as vitest from 'vitest'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as wirefold from 'wirefold'
import { blocks, blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/testing.md'

/** Runs the tests of a block of the page, as Vitest would. */
async function runTests(text: string): Promise<readonly string[]> {
  const names: string[] = []
  const tests: (() => unknown)[] = []
  const hooks: { readonly before: (() => unknown)[]; readonly after: (() => unknown)[] } = {
    before: [],
    after: [],
  }
  const given = {
    ...vitest,
    beforeEach: (hook: () => unknown) => hooks.before.push(hook),
    afterEach: (hook: () => unknown) => hooks.after.push(hook),
    it(name: string, test: () => unknown) {
      names.push(name)
      tests.push(test)
    },
  }
  // The client itself, which mock-socket's global class reaches.
  const modules = { vitest: given, wirefold }
  await run(blockWith(PAGE, text), { modules, given: { it: given.it, expect } })
  onTestFinished(async () => {
    for (const hook of hooks.after) await hook()
  })
  for (const test of tests) {
    for (const hook of hooks.before) await hook()
    await test()
  }
  return names
}

describe('the page about testing', () => {
  it.each([
    'receives what was said while the connection was lost',
    'gives a request up that is not answered',
    'shows the newest price',
    'follows a channel of Pusher',
    'answers requests and publishes events',
    'misses nothing in a storm',
    'has the same outcome as with the real server',
  ])('has the test “%s”, which passes', async (text) => {
    expect(await runTests(`it('${text}',`)).toEqual([text])
  })

  // `test/dom` runs these files, and `test/peers/downstream` outside this repository.
  it.each(['Messages.tsx', 'Messages.test.tsx', 'Messages.svelte', 'messages-svelte.test.ts'])(
    'shows %s, which is run',
    (file) => {
      const code = readFileSync(`test/dom/guide/${file}`, 'utf8')
      const shown = blocks.filter((block) => block.document === PAGE && block.code === code)
      expect(shown).toHaveLength(1)
    },
  )
})
