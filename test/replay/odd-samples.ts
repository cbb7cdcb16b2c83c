/** What comes of an odd message: what the dialect says of it, or what the registry does with it. */
export interface OddFrame {
  readonly name: string
  /** The message as the codec hands it over. */
  readonly wire: unknown
  /** The dialect leaves it aside with a notice of this level; nothing reaches the registry. */
  readonly notice?: 'ignored' | 'malformed'
  /** The dialect delivers its event, and reports it as malformed: it has no readable timestamp. */
  readonly isUnstamped?: true
  /** The entries there are afterwards; all fields of the context are kept. @default none */
  readonly writes?: Readonly<Record<string, unknown>>
  /** The counts of kinds nobody handles afterwards. @default none */
  readonly unknown?: Readonly<Record<string, number>>
  /** Why something was not written, in order. @default nothing was dropped */
  readonly drops?: readonly string[]
  /** The payloads in the log afterwards, as type and length. @default none */
  readonly payloads?: readonly (readonly [type: string, length: number])[]
}

/** What every context has. */
export const base = { event_id: 'p_1', status: 'Active', thread: 'main' }

// A context of each kind, with the fields that matter here.
export const composer = {
  kind: 'ComposerContext',
  ...base,
  runKey: 'run',
  pipeline_status: { Tokenizer: 'Component_wait' },
  progress: 1,
  total: 2,
}
export const document = {
  kind: 'DocumentContext',
  ...base,
  path: '/a.txt',
  name: 'a.txt',
  error: null,
}
export const driver = { kind: 'DriverContext', ...base, driver: 'DUUIDockerDriver' }
export const component = {
  kind: 'ComponentContext',
  ...base,
  component: 'c1',
  instance_ids: ['i1'],
}
export const instance = {
  kind: 'InstantiatedComponentContext',
  ...base,
  instance_id: 'i1',
  component,
}
export const process = { kind: 'DocumentProcessContext', ...base, document, composer }
export const worker = { kind: 'WorkerContext', ...base, name: 'w1', activeWorkers: 1, composer }
export const reader = { kind: 'ReaderContext', ...base, total: 20, read: 3 }

/** An envelope around a context, or around whatever stands in its place. */
export function envelope(context: unknown, more: object = {}): unknown {
  const event = { _id: 'p_1', process_id: 'p', sender: null, message: '\n', level: 'NONE' }
  return { timestamp: 1, event: { ...event, context, ...more } }
}

/** As the wire brings it: `__proto__` is then a key like any other. */
export function parsed(json: string): object {
  return JSON.parse(json)
}

/** A process context around a process context, so many levels deep. */
export function nested(levels: number): object {
  let context: object = { ...process, composer: undefined }
  for (let level = 1; level < levels; level++) {
    context = { kind: 'DocumentProcessContext', ...base, document: context }
  }
  return context
}

/** A million characters. */
export const long = 'x'.repeat(1_000_000)
