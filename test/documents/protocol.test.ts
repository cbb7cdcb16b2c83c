import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { eventFrame } from 'wirefold/dialects'
import { entityChange } from '../../src/optimistic/entity-change.ts'

const [, section = ''] = readFileSync('docs/protocol.md', 'utf8').split('## Entity events\n')
const examples = [...section.matchAll(/^\|[^|]+\| `(\{.+\})` \|$/gm)].map(([, json = '']) => json)

it('the protocol page shows both payloads of an entity event', () => {
  expect(examples).toHaveLength(2)
})

it.each(examples)('the client decodes the entity event %s of the page', (json) => {
  const payload = JSON.parse(json)
  const event = eventFrame('entity:Task', 'entity:updated', { payload })
  expect(entityChange(event)).toMatchObject({ id: '17', row: { id: 17, title: 'Write' } })
})
