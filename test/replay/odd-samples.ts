/** An unusual message, and its expected effect in the dialect and the registry. */
export interface OddFrame {
  readonly name: string
  /** The message as decoded by the codec. */
  readonly wire: unknown
  /** Level of the notice with which the dialect drops it. */
  readonly notice?: 'ignored' | 'malformed'
  /** True if the dialect delivers its event but reports it as malformed, for lack of a timestamp. */
  readonly isUnstamped?: true
  /** The resulting entries, with all fields of the contexts. @default none */
  readonly writes?: Readonly<Record<string, unknown>>
  /** The resulting counts of unknown kinds. @default none */
  readonly unknown?: Readonly<Record<string, number>>
  /** The reasons of drops, in order. @default nothing was dropped */
  readonly drops?: readonly string[]
  /** The resulting payloads in the log, as type and length. @default none */
  readonly payloads?: readonly (readonly [type: string, length: number])[]
}

/** Fields of every context. */
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

/** Returns an envelope around a context, or around another value. */
export function envelope(context: unknown, more: object = {}): unknown {
  const event = { _id: 'p_1', process_id: 'p', sender: null, message: '\n', level: 'NONE' }
  return { timestamp: 1, event: { ...event, context, ...more } }
}

/** Parses JSON, in which `__proto__` is an ordinary key. */
export function parsed(json: string): object {
  return JSON.parse(json)
}

/** Returns nested process contexts with the given depth. */
export function nested(levels: number): object {
  let context: object = { ...process, composer: undefined }
  for (let level = 1; level < levels; level++) {
    context = { kind: 'DocumentProcessContext', ...base, document: context }
  }
  return context
}

/** A million characters. */
export const long = 'x'.repeat(1_000_000)
