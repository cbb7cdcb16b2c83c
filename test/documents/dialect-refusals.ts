import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import type { Refusal } from 'wirefold'
import type { Frame } from 'wirefold/dialects'
import { supabase } from 'wirefold/dialects/phoenix'
import { sessions, socketio } from 'wirefold/dialects/socketio'
import { sse } from 'wirefold/dialects/sse'
import { readReason } from '../../src/dialects/phoenix/refusal.ts'
import { refusalOf } from '../../src/dialects/sse/refusal.ts'

/** Returns the refusal in frames, the last one if there are several. */
function refusalIn(frames: Frame | readonly Frame[] | undefined): Refusal {
  const found = [frames ?? []]
    .flat()
    .filter((frame) => 'error' in frame)
    .at(-1)
  if (!found || !('error' in found) || !found.error) throw new Error('There is no refusal.')
  return found.error
}

const subscribe = { kind: 'subscribe', requestId: 'r', timestamp: 0, since: new Map() } as const

/** Returns the refusal of a stream that broke off. */
function lostStream(): Refusal {
  const dialect = sse({ stream: (channel) => ({ url: `/${channel}`, once: true }) })()
  dialect.encode({ ...subscribe, channels: ['answer'] })
  return refusalIn(dialect.decode({ stream: 'answer', end: 'lost' }))
}

/** Returns the refusal of a channel whose changes of rows Supabase cannot send. */
function unheardChanges(): Refusal {
  const dialect = supabase({ apikey: 'anon' })()
  const channels = ['todos']
  const params = { postgres_changes: [{ event: '*', schema: 'public', table: 'todos' }] }
  const [join] = dialect.encode({ ...subscribe, channels, params }) ?? []
  const [ref] = [Object(join).wire].flat()
  const topic = 'realtime:todos'
  dialect.decode([
    ref,
    ref,
    topic,
    'phx_reply',
    {
      ...{ status: 'ok', response: { postgres_changes: [{ id: 7 }] } },
    },
  ])
  const payload = { extension: 'postgres_changes', status: 'error', message: 'Unable to subscribe' }
  return refusalIn(dialect.decode([ref, null, topic, 'system', payload]))
}

/** The refusals of the table of dialects, by code. */
export const dialectRefusals: Readonly<Record<string, () => Refusal>> = {
  'bad-request': () => refusalOf(400, { error: 'There is no prompt.' }, undefined),
  conflict: () => refusalOf(409, undefined, undefined),
  'http-<status>': () => refusalOf(422, undefined, undefined),
  'not-found': () => refusalOf(404, undefined, undefined),
  'postgres-changes': unheardChanges,
  refused: () => ({ ...readReason({ reason: '' }), retryable: false }) as Refusal,
  'server-disconnect': () => refusalIn(socketio()().decode([[1, 0, '/news']])),
  'session-error': () =>
    refusalIn(sessions().decode(['error', { sessionId: 'a', error: 'Session not found' }])),
  'stream-lost': lostStream,
  unreachable: () => refusalOf(0, 'there was no response', undefined),
}

const KEBAB = /^[a-z]+(-[a-z]+)*$/

/** Returns the sources of a folder, each with its path. */
export function sourcesOf(folder: string): readonly (readonly [file: string, text: string])[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .map((file) => [file, readFileSync(file, 'utf8')] as const)
}

/** Returns the codes that the sources of a folder give to refusals and errors. */
export function codesIn(folder: string): Set<string> {
  const codes = new Set<string>()
  for (const [file, text] of sourcesOf(folder)) {
    if (!/\b(code|CODES|refuse|WirefoldError)\b/.test(text)) continue
    const visit = (node: ts.Node): void => {
      if (isCode(node)) for (const code of textsIn(node)) codes.add(code)
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  }
  return codes
}

/** Whether a node gives a refusal its code: a `code`, a table of codes, or a new error. */
function isCode(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) {
    return /^(code|CODES)$/.test(node.name.getText())
  }
  // Over Socket.IO, a text of one word in an acknowledgement is the code of the refusal.
  if (ts.isCallExpression(node)) return node.expression.getText() === 'refuse'
  return ts.isNewExpression(node) && node.expression.getText() === 'WirefoldError'
}

/** Returns the texts of a node that read like codes: of an error, its first argument. */
function textsIn(node: ts.Node): readonly string[] {
  const [first] = ts.isNewExpression(node) ? (node.arguments ?? []) : []
  if (first) return textsWithin(first)
  const found: string[] = []
  ts.forEachChild(node, (child) => void found.push(...textsWithin(child)))
  return found
}

function textsWithin(node: ts.Node): readonly string[] {
  if (ts.isCallExpression(node)) return []
  const isIn = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword
  if (isIn) return []
  if (ts.isTemplateExpression(node)) return node.head.text === 'http-' ? ['http-<status>'] : []
  if (ts.isStringLiteral(node)) return KEBAB.test(node.text) ? [node.text] : []
  return textsIn(node)
}
