export { duui, processChannel } from '../../dialects/duui.ts'
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
} from '../../dialects/duui-contexts.ts'
export { isContextKind } from '../../dialects/duui-contexts.ts'
export type { DUUIOptions } from '../../dialects/duui-dialect.ts'
export { duuiDefaults, duuiDialect } from '../../dialects/duui-dialect.ts'
