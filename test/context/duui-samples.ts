import type { RegistryOptions } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type {
  ComponentContext,
  ComposerContext,
  DocumentComponentProcessContext,
  DocumentContext,
  DocumentProcessContext,
  DUUIContext,
  InstantiatedComponentContext,
  ReaderContext,
  WorkerContext,
} from 'wirefold/dialects/duui'
import { duuiContexts } from 'wirefold/dialects/duui'

const base = { event_id: '', status: 'Active', thread: 'main' }

export function document(path: string, fields: Partial<DocumentContext> = {}): DocumentContext {
  return {
    kind: 'DocumentContext',
    ...base,
    path,
    name: path.slice(1),
    size: 10,
    progress: 0,
    error: null,
    is_finished: false,
    duration_decode: 0,
    duration_deserialize: 0,
    duration_wait: 0,
    started_at: 1,
    finished_at: 0,
    ...fields,
  }
}

export function composer(fields: Partial<ComposerContext> = {}): ComposerContext {
  return {
    kind: 'ComposerContext',
    ...base,
    runKey: 'run',
    pipeline_status: {},
    progress: 0,
    total: 1,
    ...fields,
  }
}

export function worker(thread: string, fields: Partial<WorkerContext> = {}): WorkerContext {
  return {
    kind: 'WorkerContext',
    ...base,
    thread,
    name: 'worker',
    composer: composer(),
    activeWorkers: 1,
    ...fields,
  }
}

export function documentProcess(
  path: string,
  fields: Partial<DocumentProcessContext> = {},
): DocumentProcessContext {
  return {
    kind: 'DocumentProcessContext',
    ...base,
    document: document(path),
    composer: composer(),
    ...fields,
  }
}

export function component(id: string, fields: Partial<ComponentContext> = {}): ComponentContext {
  return {
    kind: 'ComponentContext',
    ...base,
    component: id,
    name: id,
    driver: 'docker',
    instance_ids: [],
    ...fields,
  }
}

export function instance(
  id: string,
  fields: Partial<InstantiatedComponentContext> = {},
): InstantiatedComponentContext {
  return {
    kind: 'InstantiatedComponentContext',
    ...base,
    component: component('tokenizer'),
    instance_id: id,
    endpoint: 'http://localhost',
    ...fields,
  }
}

export function step(
  path: string,
  instanceId: string,
  fields: Partial<DocumentComponentProcessContext> = {},
): DocumentComponentProcessContext {
  return {
    kind: 'DocumentComponentProcessContext',
    ...base,
    document: documentProcess(path),
    instantiated_component: instance(instanceId),
    ...fields,
  }
}

export function reader(fields: Partial<ReaderContext> = {}): ReaderContext {
  return {
    kind: 'ReaderContext',
    ...base,
    total: 1,
    skipped: 0,
    read: 0,
    remaining: 1,
    used_bytes: 0,
    total_bytes: 1,
    ...fields,
  }
}

/** A registry for all nine kinds. */
export function duuiRegistry(options?: RegistryOptions<DUUIContext, 'kind'>) {
  return duuiContexts(new ContextRegistry<DUUIContext>(options))
}
