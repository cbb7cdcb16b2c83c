import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { played } from './exchanges.ts'

const PAGE = 'docs/protocol/exchanges.md'

it('a server answers each exchange of the page as it says; accept a change with --update', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const fence = /^```text\n([\s\S]*?)^```$/gm
  const blocks = [...page.matchAll(fence)].map(([, code = '']) => code)
  const answers = await Promise.all(blocks.map((code) => played(code, () => {})))
  const whole = page.replace(fence, () => `\`\`\`text\n${answers.shift()}\`\`\``)
  await expect(whole).toMatchFileSnapshot(`../../${PAGE}`)
})
