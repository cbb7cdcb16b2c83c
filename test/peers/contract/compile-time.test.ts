import { describe, expect, it } from 'vitest'
import { compiled, compilers } from '../../contract/compiled-program.ts'

const CHANNELS = 200
const EVENTS = 10

/** A contract of types alone: 200 channels of 10 events of six fields, and 200 requests. */
function contractOfTypes(): string {
  const count = (length: number) => [...Array(length).keys()]
  const fields = (n: number) =>
    `{ id: string; at: string; count${n}: number; done: boolean; tags: string[]; by: { id: string } }`
  const channels = count(CHANNELS).map((n) => {
    const events = count(EVENTS).map((event) => `    event${event}: ${fields(event)}`)
    return `  'family${n}:{id}': {\n${events.join('\n')}\n  }`
  })
  const requests = count(CHANNELS).map(
    (n) => `  'request:${n}': { payload: ${fields(n)}; reply: ${fields(n)} }`,
  )
  return `import type { Contract } from 'wirefold/contract'
export interface ShopTypes {
  channels: {
${channels.join('\n')}
  }
  requests: {
${requests.join('\n')}
  }
}
export interface Shop extends Contract<ShopTypes> {}
`
}

/** 200 subscribes that narrow, 200 requests and 200 publishes. */
function calls(): string {
  const lines = [...Array(CHANNELS).keys()].map((n) => {
    const event = n % EVENTS
    const payload = (of: number) =>
      `{ id: '', at: '', count${of}: 1, done: true, tags: [], by: { id: '' } }`
    return `channels.subscribe(\`family${n}:\${id}\`, (_, event) => {
  if (event.type === 'event${event}') return event.payload.count${event}.toFixed()
})
export const reply${n} = client.request('request:${n}', ${payload(n)}).then(({ count${n} }) => count${n})
client.publish(\`family${n}:\${id}\`, 'event${event}', ${payload(event)})`
  })
  return `import type { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { Shop } from './shop.ts'
declare const client: RealtimeClient<Shop>
declare const channels: ChannelSubscriber<Shop>
declare const id: string
${lines.join('\n')}
`
}

/** Compiles files; returns the compiler's own count of type instantiations, and its time. */
function measured(compiler: string, files: Readonly<Record<string, string>>) {
  const output = compiled({ compiler, files, args: ['--extendedDiagnostics'] })
  expect(output).not.toContain('error TS')
  const found = (name: string) => new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(output)?.[1]
  return { instantiations: Number(found('Instantiations')), time: found('Check time') }
}

describe('a contract of types of 200 channels with 600 calls', () => {
  for (const [version, compiler] of Object.entries(compilers)) {
    it(`takes a bounded number of type instantiations in ${version}`, () => {
      const alone = {
        'shop.ts': contractOfTypes(),
        'calls.ts': `import './shop.ts'\nimport 'wirefold'`,
      }
      const before = measured(compiler, alone)
      const after = measured(compiler, { ...alone, 'calls.ts': calls() })
      console.info(`${version}: ${JSON.stringify({ before, after })}`)
      expect(after.instantiations - before.instantiations).toBeLessThan(700_000)
    })
  }
})
