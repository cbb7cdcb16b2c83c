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
} from '../../dialects/duui/contexts.ts'
export { isContextKind } from '../../dialects/duui/contexts.ts'
export { duui } from '../../dialects/duui/dialect.ts'
export type { DUUIOptions } from '../../dialects/duui/duui-dialect.ts'
export { duuiDefaults, duuiDialect } from '../../dialects/duui/duui-dialect.ts'
export { processChannel } from '../../dialects/duui/envelope.ts'
