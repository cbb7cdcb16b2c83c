/**
 * The protocol of a DUUI gateway, with the contexts of its processes.
 *
 * @module wirefold/dialects/duui
 */

export type {
  DUUIContextOf,
  DUUIContexts,
  DUUIRules,
  DUUISlots,
} from '../../backends/duui/duui-contexts.ts'
export { duuiContexts } from '../../backends/duui/duui-contexts.ts'
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
export type { DUUIOptions } from '../../dialects/duui/dialect.ts'
export { duui, duuiDefaults, duuiDialect } from '../../dialects/duui/dialect.ts'
export { processChannel } from '../../dialects/duui/envelope.ts'
