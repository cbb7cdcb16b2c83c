import { resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const FILE = resolve('test/contract/completed.ts')
const SHOP = `
import type { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import { channel, contract, unchecked } from 'wirefold/contract'
interface Order { id: string; at: string }
const parts = contract({
  channels: {
    'shop:{id}': { order: unchecked<Order>(), till: unchecked<{ total: number }>() },
    'entity:Task': { created: unchecked<{ id: string }>() },
    'entity:{name}': { created: unchecked<{ id: string }>() },
    news: { posted: unchecked<string>() },
  },
  requests: { 'order:cancel': { payload: unchecked<Order>() }, 'task:list': {} },
  presence: { 'room/{id}': unchecked<{ typing: boolean }>(), lobby: unchecked<{ typing: boolean }>() },
})
type Parts = typeof parts
interface Shop extends Parts {}
declare const shop: Shop
declare const client: RealtimeClient<Shop>
declare const channels: ChannelSubscriber<Shop>
declare const presence: PresenceManager<Shop>
`

let text = ''
let version = 0

/** The language service that editors use, with one file in memory. */
const service = ts.createLanguageService({
  getCompilationSettings: () => {
    const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
    return ts.convertCompilerOptionsFromJson(config.compilerOptions, resolve('.')).options
  },
  getScriptFileNames: () => [FILE],
  getScriptVersion: (file) => (file === FILE ? String(version) : '1'),
  getScriptSnapshot: (file) => {
    const found = file === FILE ? text : ts.sys.readFile(file)
    return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found)
  },
  getCurrentDirectory: () => resolve('.'),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (file) => file === FILE || ts.sys.fileExists(file),
  readFile: ts.sys.readFile,
})

/** Returns what an editor offers where the bar stands. */
function offered(line: string): readonly string[] {
  const source = SHOP + line
  const position = source.indexOf('|', SHOP.length)
  text = source.slice(0, position) + source.slice(position + 1)
  version++
  const found = service.getCompletionsAtPosition(FILE, position, {})
  return (found?.entries ?? []).map(({ name }) => name).sort()
}

describe('an editor', () => {
  const names = ['entity:Task', 'entity:{name}', 'news', 'shop:{id}']

  it('offers the names of channels', () => {
    expect(offered(`channels.subscribe('|', () => {})`)).toEqual(names)
    expect(offered(`client.publish('|', 'order', { id: '', at: '' })`)).toEqual(names)
    expect(offered(`channel(shop, '|')`)).toEqual(names)
  })

  it('offers the types of events', () => {
    const narrowed = `channels.subscribe('shop:42', (_, event) => { if (event.type === '|') return })`
    expect(offered(narrowed)).toEqual(['order', 'till'])
    expect(offered(`channels.subscribe('shop:42', { | })`)).toEqual(['order', 'till'])
    expect(offered(`client.publish('shop:42', '|', { id: '', at: '' })`)).toEqual(['order', 'till'])
  })

  it('offers the types of requests, and the resources', () => {
    expect(offered(`client.request('|')`)).toEqual(['order:cancel', 'task:list'])
    expect(offered(`presence.enter('|', { typing: true })`)).toEqual(['lobby', 'room/{id}'])
  })

  it('offers the parts of a contract, and those of a request', () => {
    expect(offered(`contract({ | })`)).toEqual(['channels', 'fingerprint', 'presence', 'requests'])
    expect(offered(`contract({ requests: { cancel: { | } } })`)).toEqual(['payload', 'reply'])
  })

  it('offers the fields of payloads', () => {
    expect(offered(`client.request('order:cancel', { | })`)).toEqual(['at', 'id'])
    expect(offered(`channels.subscribe('shop:42', { till: (till) => till.| })`)).toEqual(['total'])
    expect(offered(`client.publish('shop:42', 'order', { | })`)).toEqual(['at', 'id'])
  })

  it('names the contract in a hint', () => {
    offered(`const shown = client|`)
    const position = text.lastIndexOf('shown')
    const hint = service.getQuickInfoAtPosition(FILE, position)
    const shown = (hint?.displayParts ?? []).map((part) => part.text).join('')
    expect(shown).toBe('const shown: RealtimeClient<Shop>')
  })
})
