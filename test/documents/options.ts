import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { table } from './generated.ts'

/** A type of options that an entry of the package exports. */
export interface OptionsType {
  readonly name: string
  /** The entries that export it, such as `wirefold/server`. */
  readonly entries: readonly string[]
  readonly members: readonly OptionMember[]
}

/** One option. */
export interface OptionMember {
  readonly name: string
  readonly type: string
  readonly required: boolean
  /** The text of `@default`, if there is one. */
  readonly standard: string | undefined
  /** The first sentence of its comment. */
  readonly about: string
}

const files = readdirSync('src/entries', { recursive: true, encoding: 'utf8' })
  .map((file) => `src/entries/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts'))
  .sort()

/** Returns the name by which an application imports an entry. */
const importOf = (file: string): string =>
  `wirefold/${file.slice('src/entries/'.length, -3)}`.replace(/\/index$/, '')

/** Returns every exported type whose name ends in `Options` or `Limits`, the entry of the client first. */
export function optionsTypes(): readonly OptionsType[] {
  const program = ts.createProgram(files, {
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    // Types are shown as they are written: of the platform's, those that make others are enough.
    lib: ['lib.es5.d.ts'],
    types: [],
  })
  const checker = program.getTypeChecker()
  const found = new Map<ts.Symbol, { name: string; entries: string[] }>()
  for (const file of files.sort(
    (a, b) => Number(b === 'src/entries/index.ts') - Number(a === 'src/entries/index.ts'),
  )) {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      if (!/\w(Options|Limits)$/.test(exported.name)) continue
      const symbol =
        exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const known = found.get(symbol)
      if (known) known.entries.push(importOf(file))
      else found.set(symbol, { name: exported.name, entries: [importOf(file)] })
    }
  }
  return [...found].map(([symbol, about]) => ({ ...about, members: membersOf(symbol, checker) }))
}

function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): readonly OptionMember[] {
  return checker
    .getDeclaredTypeOfSymbol(symbol)
    .getProperties()
    .flatMap((member) => {
      const declaration = member.declarations?.[0]
      const isSignature = declaration && ts.isPropertySignature(declaration)
      const isMethod = declaration && ts.isMethodSignature(declaration)
      if (!isSignature && !isMethod) return []
      const text = ts.displayPartsToString(member.getDocumentationComment(checker))
      const tag = member.getJsDocTags(checker).find(({ name }) => name === 'default')
      return {
        name: member.name,
        type: isMethod ? 'function' : shortType(declaration.type?.getText() ?? ''),
        required: declaration.questionToken === undefined,
        standard: tag && ts.displayPartsToString(tag.text).replace(/\s+/g, ' '),
        about: firstSentence(text),
      }
    })
}

/** Returns a type without `undefined`, which every option may be, and a function without its parts. */
function shortType(text: string): string {
  const type = text
    .replace(/\s+/g, ' ')
    .replace(/ \| undefined$/, '')
    .replace(/^\| /, '')
  if (type.includes('=>')) return 'function'
  return type.startsWith('{') ? 'object' : type
}

/** Returns the first sentence of a comment, as text of a table. */
function firstSentence(text: string): string {
  const [first = ''] = text.replace(/\s+/g, ' ').split(/(?<=[.;])\s(?=[A-Z`])/)
  return first
    .replace(/\{@link ([\w.]+) ?\}/g, '`$1`')
    .replace(/;$/, '.')
    .replaceAll('|', '\\|')
}

/** Returns the unit of a number, from the end of its name or from its comment. */
function unitOf({ name, type, about }: OptionMember): string {
  if (!/\bnumber\b/.test(type)) return ''
  if (name.endsWith('Ms')) return 'ms'
  if (/bytes/i.test(name) || /in bytes/.test(about)) return 'bytes'
  return /PerSecond$/.test(name) ? 'per second' : ''
}

/** Returns the table of a type's options. */
function optionsTable({ members }: OptionsType): string {
  const code = (text: string) => (text.includes('`') ? text : `\`${text.replaceAll('|', '\\|')}\``)
  return table(
    ['option', 'type', 'default', 'unit', 'meaning'],
    members.map((member) => [
      `\`${member.name}\``,
      code(member.type),
      member.required && !member.standard ? 'required' : shownDefault(member.standard, code),
      unitOf(member),
      member.about,
    ]),
  )
}

/** Returns a default: as code where it is a value, as it is where it is a sentence. */
function shownDefault(standard: string | undefined, code: (text: string) => string): string {
  if (standard === undefined) return '–'
  const isValue = /^[\w.]+(\(\))?$|^'.*'$|^[{[].*[}\]]$/.test(standard)
  return isValue ? code(standard) : standard.replaceAll('|', '\\|')
}

/** Returns the part of the page for a group of types. */
export function optionsPart(types: readonly OptionsType[]): string {
  return types
    .map((type) => {
      const from = type.entries.map((entry) => `\`${entry}\``).join(', ')
      return `### ${type.name}\n\nFrom ${from}.\n\n${optionsTable(type)}`
    })
    .join('\n\n')
}

/** A limit that no option changes: its constant, and the file that declares it. */
type FixedLimit = readonly [
  what: string,
  file: string,
  constant: string,
  unit: 'bytes' | 'characters' | '',
  beyond: string,
]

const fixed: readonly FixedLimit[] = [
  [
    'a type, a request id, an event id of a client',
    'src/protocol/reserved-types.ts',
    'LONGEST_NAME',
    'characters',
    '`bad-frame`',
  ],
  [
    'a frame at the client',
    'src/protocol/json-codec.ts',
    'LONGEST_TEXT',
    'bytes',
    'the client reports `bad-frame`',
  ],
  ['JSON, in levels', 'src/protocol/json-codec.ts', 'DEEPEST', '', '`bad-frame`'],
  [
    'the first frame of a connection',
    'src/server/session/session-phase.ts',
    'FIRST_FRAME_BYTES',
    'bytes',
    'closed with 1009',
  ],
  [
    'frames held while the greeting is checked',
    'src/server/session/session-phase.ts',
    'HELD_BYTES',
    'bytes',
    'closed',
  ],
  [
    'fragments of a frame',
    'src/server/http/ws-acceptor.ts',
    'MOST_FRAGMENTS',
    '',
    'closed with 1008',
  ],
  [
    'the payload of an event',
    'src/server/channels/publisher.ts',
    'LARGEST_PAYLOAD',
    'bytes',
    '`too-large`',
  ],
  [
    'the meta of a presence',
    'src/server/presence/presence-meta.ts',
    'LARGEST_META',
    'bytes',
    '`too-large`',
  ],
  [
    'waiting requests of a connection',
    'src/server/requests/connection-requests.ts',
    'MOST_WAITING',
    '',
    '`rate-limited`',
  ],
  [
    'unsent bytes before events are withheld',
    'src/server/socket/outbound-queue.ts',
    'HIGH_WATER_BYTES',
    'bytes',
    'the client fetches them later',
  ],
  [
    'unsent answers of a connection',
    'src/server/socket/outbound-queue.ts',
    'MAX_BYTES',
    'bytes',
    'closed with 1013',
  ],
]

/** Returns the table of the limits that no option changes. */
export function fixedLimits(): string {
  return table(
    ['limit', 'value', 'beyond'],
    fixed.map(([what, file, constant, unit, beyond]) => [
      what,
      shownNumber(constantIn(file, constant), unit),
      beyond,
    ]),
  )
}

/** Returns the number in the declaration of a constant, such as `16 * 1024`. */
function constantIn(file: string, name: string): number {
  const text = readFileSync(file, 'utf8')
  const [, product] = new RegExp(`^(?:export )?const ${name} = ([\\d_ *-]+)$`, 'm').exec(text) ?? []
  if (product === undefined) throw new Error(`${file} has no constant ${name}.`)
  const parts = product.replaceAll('_', '').split(' - ')
  const [first = 0, ...rest] = parts.map((part) =>
    part.split(' * ').reduce((value, factor) => value * Number(factor), 1),
  )
  return rest.reduce((value, part) => value - part, first)
}

/** Returns a number as people read it. */
function shownNumber(value: number, unit: 'bytes' | 'characters' | ''): string {
  if (unit !== 'bytes') return `${value.toLocaleString('en')} ${unit}`.trim()
  if (value % 1_048_576 === 0) return `${value / 1_048_576} MiB`
  return value % 1_024 === 0 ? `${value / 1_024} KiB` : `${value.toLocaleString('en')} bytes`
}
