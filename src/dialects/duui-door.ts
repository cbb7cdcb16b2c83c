export { duui, processChannel } from './duui.ts'
export type {
  ComponentContext,
  ComposerContext,
  DocumentComponentProcessContext,
  DocumentContext,
  DocumentProcessContext,
  DriverContext,
  DUUIContext,
  DUUIContextBase,
  DUUIEnvelope,
  DUUIEvent,
  DUUIPayload,
  DUUIPayloadKind,
  InstantiatedComponentContext,
  ReaderContext,
  WorkerContext,
} from './duui-contexts.ts'
export { isContextKind } from './duui-contexts.ts'
export type { DUUIOptions } from './duui-dialect.ts'
export { duuiDefaults, duuiDialect } from './duui-dialect.ts'
