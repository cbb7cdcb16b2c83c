import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'

/** Types that appear in an entry's declarations though no entry exports them. The list only gets shorter. */
const known: readonly string[] = [
  'dialects/streams: Fields',
  'index: Fields',
  'server/redis: Broker',
  'server/redis: ChannelListener',
  'server/redis: HistorySlice',
  'server/redis: NewEvent',
  'server/redis: PresenceStore',
  'server/redis: RateStore',
  'server/redis: RedisConnections',
  'server/redis: Remember',
  'server/redis: ReplyStore',
  'server: ChannelListener',
  'server: DUUIEnvelope',
  'server: Join',
  'server: Membership',
  'server: MembershipDeps',
  'server: PayloadOf',
  'server: Remember',
  'server: SubscribeCommand',
  'server: TypesFor',
  'server: UnsubscribeCommand',
  'testing: Claim',
  'testing: Fields',
  'testing: Mark',
  'testing: OutboxDatabase',
  'testing: StoredRequest',
]

const entries = readdirSync('src/entries', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))

/** What a declaration file exports, as `exported name → own name`. */
function exported(text: string): ReadonlyMap<string, string> {
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(','),
  )
  const pairs = lists.map((item) =>
    item
      .trim()
      .replace(/^type /, '')
      .split(' as '),
  )
  return new Map(pairs.filter(([own]) => own).map(([own = '', name = own]) => [name, own]))
}

/** What a declaration file declares itself, and what it imports from files beside it: `file:name`. */
function mentioned(file: string, text: string): readonly string[] {
  const own = [...text.matchAll(/^(?:declare )?(?:interface|type|class|abstract class) (\w+)/gm)]
  const imported = [...text.matchAll(/import \{([^}]*)\} from '(\.[^']+)'/g)].flatMap(
    ([, list = '', from = '']) => {
      const other = posix.join(posix.dirname(file), from).replace(/\.js$/, '.d.ts')
      const names = exported(readFileSync(`dist/${other}`, 'utf8'))
      return list.split(',').map((item) => {
        const [name = ''] = item
          .trim()
          .replace(/^type /, '')
          .split(' as ')
        return `${other}:${names.get(name) ?? name}`
      })
    },
  )
  return [...own.map(([, name]) => `${file}:${name}`), ...imported]
}

it('every type in the declarations of an entry is exported by it or by wirefold', () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('There is no dist; run: npm run build')
  const read = (entry: string): string => readFileSync(`dist/${entry}.d.ts`, 'utf8')
  /** What an entry exports, by the file that declares it. */
  const given = (entry: string): ReadonlySet<string> => {
    const file = `${entry}.d.ts`
    const text = read(entry)
    const local = new Map<string, string>()
    for (const [, list = '', from = ''] of text.matchAll(/import \{([^}]*)\} from '(\.[^']+)'/g)) {
      const other = posix.join(posix.dirname(file), from).replace(/\.js$/, '.d.ts')
      const names = exported(readFileSync(`dist/${other}`, 'utf8'))
      for (const item of list.split(',')) {
        const [name = '', as = name] = item
          .trim()
          .replace(/^type /, '')
          .split(' as ')
        local.set(as, `${other}:${names.get(name) ?? name}`)
      }
    }
    const direct = [...text.matchAll(/export \{([^}]*)\} from '(\.[^']+)'/g)].flatMap(
      ([, list = '', from = '']) => {
        const other = posix.join(posix.dirname(file), from).replace(/\.js$/, '.d.ts')
        const names = exported(readFileSync(`dist/${other}`, 'utf8'))
        return list.split(',').map((item) => {
          const [name = ''] = item
            .trim()
            .replace(/^type /, '')
            .split(' as ')
          return `${other}:${names.get(name) ?? name}`
        })
      },
    )
    return new Set([
      ...[...exported(text).values()].map((own) => local.get(own) ?? `${file}:${own}`),
      ...direct,
    ])
  }
  const root = given('index')
  const missing = entries.flatMap((entry) => {
    const own = given(entry)
    return mentioned(`${entry}.d.ts`, read(entry))
      .filter((name) => /:[A-Z]/.test(name) && !own.has(name) && !root.has(name))
      .map((name) => `${entry}: ${name.split(':')[1]}`)
  })
  expect([...new Set(missing)].sort()).toEqual([...known].sort())
})
