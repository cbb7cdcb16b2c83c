import type { DialectFactory } from 'wirefold/dialects'
import { blockWith } from '../../documents/blocks.ts'
import { run } from '../../documents/run.ts'

/** The page whose declarations the tests use, unchanged. */
const PAGE = 'docs/backends/json.md'

async function declared<Name extends string>(name: Name): Promise<DialectFactory> {
  const made = await run<{ readonly [Key in Name]: DialectFactory }>(
    blockWith(PAGE, `const ${name} =`),
  )
  return made[name]
}

/** The declarations of the page. */
export const fastapi = await declared('fastapi')
export const django = await declared('django')
export const plain = await declared('plain')
export const apiGateway = await declared('apiGateway')
