import type { OddFrame } from './odd-samples.ts'
import {
  base,
  component,
  composer,
  document,
  driver,
  envelope,
  instance,
  long,
  nested,
  parsed,
  process,
  reader,
  worker,
} from './odd-samples.ts'

/** Contexts that a correct gateway never sends, and unusual ones that it does. */
export const oddContexts: readonly OddFrame[] = [
  // Kinds without a handler.
  {
    name: 'an unknown kind',
    wire: envelope({ ...base, kind: 'DefaultContext' }),
    unknown: { DefaultContext: 1 },
  },
  {
    name: 'a kind with other capitals',
    wire: envelope({ ...document, kind: 'documentcontext' }),
    unknown: { documentcontext: 1 },
  },
  { name: 'an empty kind', wire: envelope({ ...document, kind: '' }), unknown: { '': 1 } },
  {
    name: '__proto__ as kind',
    wire: envelope({ ...document, kind: '__proto__' }),
    unknown: { ['__proto__']: 1 },
  },
  {
    name: 'constructor as kind',
    wire: envelope({ ...document, kind: 'constructor' }),
    unknown: { constructor: 1 },
  },
  {
    name: 'an unknown kind around known ones',
    wire: envelope({ ...process, kind: 'ReaderDocumentContext' }),
    unknown: { ReaderDocumentContext: 1 },
  },
  {
    name: 'an unknown kind inside a known one',
    wire: envelope({ ...process, document: { ...document, kind: 'ReaderDocumentContext' } }),
    unknown: { ReaderDocumentContext: 1 },
    writes: { composer },
  },

  // Keys.
  {
    name: '__proto__ as key',
    wire: envelope({ ...document, path: '__proto__' }),
    writes: { 'documents __proto__': { ...document, path: '__proto__' } },
  },
  {
    name: 'constructor as key',
    wire: envelope({ ...driver, driver: 'constructor' }),
    writes: { 'drivers constructor': { ...driver, driver: 'constructor' } },
  },
  {
    name: 'hasOwnProperty as key',
    wire: envelope({ ...worker, thread: 'hasOwnProperty' }),
    writes: { 'workers hasOwnProperty': { ...worker, thread: 'hasOwnProperty' }, composer },
  },
  {
    name: 'a worker with an empty thread',
    wire: envelope({ ...worker, thread: '' }),
    writes: { 'workers w1': { ...worker, thread: '' }, composer },
  },
  {
    name: 'a worker without a name',
    wire: envelope({ ...worker, thread: '', name: '' }),
    drops: ['no-key'],
    writes: { composer },
  },
  {
    name: 'no key',
    wire: envelope({ ...document, path: undefined }),
    drops: ['no-key'],
  },
  { name: 'a key that is null', wire: envelope({ ...driver, driver: null }), drops: ['no-key'] },
  { name: 'a key that is a number', wire: envelope({ ...driver, driver: 7 }), drops: ['no-key'] },
  {
    name: 'a key that is an object',
    wire: envelope({ ...component, component: { $oid: 'c1' } }),
    drops: ['no-key'],
  },
  {
    name: 'an instance without a key, of a component with one',
    wire: envelope({ ...instance, instance_id: [] }),
    drops: ['no-key'],
    writes: { 'components c1': component },
  },

  // Parts.
  {
    name: 'no nested document',
    wire: envelope({ ...process, document: undefined }),
    writes: { composer },
  },
  {
    name: 'no nested composer',
    wire: envelope({ ...process, composer: null }),
    writes: { 'documents /a.txt': document },
  },
  {
    name: 'a union without parts',
    wire: envelope({ kind: 'DocumentComponentProcessContext', ...base }),
  },
  {
    name: 'a union of an incomplete document and an incomplete instance',
    wire: envelope({
      kind: 'DocumentComponentProcessContext',
      ...base,
      document: { ...process, composer: undefined },
      instantiated_component: { ...instance, component: undefined },
    }),
    writes: {
      'documents /a.txt': document,
      'instances i1': { ...instance, component: undefined },
    },
  },
  {
    name: 'a worker without its composer',
    wire: envelope({ ...worker, composer: 3 }),
    writes: { 'workers main': { ...worker, composer: 3 } },
  },
  {
    name: 'a nested document without a kind',
    wire: envelope({ ...process, document: { path: '/a.txt' } }),
    drops: ['no-discriminant'],
    writes: { composer },
  },
  {
    name: 'a nested document with an invalid kind',
    wire: envelope({ ...process, document: { kind: { kind: [[null, { kind: {} }]] } } }),
    drops: ['no-discriminant'],
    writes: { composer },
  },
  {
    name: 'a reader in place of a document',
    wire: envelope({ ...process, document: reader }),
    writes: { reader, composer },
  },
  {
    name: 'nested processes up to the maximum depth',
    wire: envelope(nested(60)),
    writes: { 'documents /a.txt': document },
  },
  {
    name: 'nested processes beyond the maximum depth',
    wire: envelope(nested(10_000)),
    drops: ['too-deep'],
  },

  {
    name: 'fields of a later version',
    wire: envelope(
      { ...document, duration_process: 7, document_id: 'd1', tags: [{ a: null }] },
      { scope_keys: ['process:p', 'document:/a.txt'] },
    ),
    writes: {
      'documents /a.txt': {
        ...document,
        duration_process: 7,
        document_id: 'd1',
        tags: [{ a: null }],
      },
    },
  },
  {
    name: 'fields named like properties of Object.prototype',
    wire: envelope(
      parsed(`{"kind":"DriverContext","driver":"d","__proto__":{"kind":"x"},"toString":1}`),
    ),
    writes: {
      'drivers d': parsed(
        `{"kind":"DriverContext","driver":"d","__proto__":{"kind":"x"},"toString":1}`,
      ),
    },
  },
  {
    name: 'fields of the wrong type',
    wire: envelope({
      ...document,
      progress: Number.NaN,
      size: '1e3',
      is_finished: 'no',
      error: {},
    }),
    writes: {
      'documents /a.txt': {
        ...document,
        progress: Number.NaN,
        size: '1e3',
        is_finished: 'no',
        error: {},
      },
    },
  },
  {
    name: 'a kind and a key only',
    wire: envelope({ kind: 'DriverContext', driver: 'd' }),
    writes: { 'drivers d': { kind: 'DriverContext', driver: 'd' } },
  },
  {
    name: 'a composer with a kind only',
    wire: envelope({ kind: 'ComposerContext' }),
    writes: { composer: { kind: 'ComposerContext' } },
  },
  {
    name: 'a timestamp that is not a number',
    isUnstamped: true,
    wire: { ...(envelope(document) as object), timestamp: 'NaN' },
    writes: { 'documents /a.txt': document },
  },
  {
    name: 'an infinite timestamp',
    isUnstamped: true,
    wire: { ...(envelope(document) as object), timestamp: Number.POSITIVE_INFINITY },
    writes: { 'documents /a.txt': document },
  },
  {
    name: 'an event id that is an object',
    wire: envelope(document, { _id: { $oid: 'p_1' } }),
    writes: { 'documents /a.txt': document },
  },
  {
    name: 'an event with neither sender, message nor timestamp',
    isUnstamped: true,
    wire: { event: { process_id: 'p', context: document } },
    writes: { 'documents /a.txt': document },
  },

  // Sizes.
  {
    name: 'a key of a million characters',
    wire: envelope({ ...document, path: long }),
    writes: { [`documents ${long}`]: { ...document, path: long } },
  },
  {
    name: 'a kind of a million characters',
    wire: envelope({ kind: long }),
    // The registry truncates the names of kinds, which peers choose.
    unknown: { [long.slice(0, 128)]: 1 },
  },
  {
    name: 'a payload longer than the whole log',
    wire: envelope({ ...driver, payload: { content: `${long}${long}`, type: 'LOGS' } }),
    writes: {
      'drivers DUUIDockerDriver': {
        ...driver,
        payload: { content: `${long}${long}`, type: 'LOGS' },
      },
    },
    payloads: [['LOGS', 1_000_000 - 'LOGS'.length]],
  },

  // Payloads.
  {
    name: 'a payload of a later kind',
    wire: envelope({ ...driver, payload: { content: '17', type: 'METRIC_MILLIS' } }),
    writes: {
      'drivers DUUIDockerDriver': { ...driver, payload: { content: '17', type: 'METRIC_MILLIS' } },
    },
    payloads: [['METRIC_MILLIS', 2]],
  },
  {
    name: 'a payload that is a string',
    wire: envelope({ ...driver, payload: 'Traceback' }),
    writes: { 'drivers DUUIDockerDriver': { ...driver, payload: 'Traceback' } },
  },
  {
    name: 'a payload without content',
    wire: envelope({ ...driver, payload: { type: 'LOGS', content: null } }),
    writes: {
      'drivers DUUIDockerDriver': { ...driver, payload: { type: 'LOGS', content: null } },
    },
  },
]
