export type { DialectHarness, MakeDialect } from './dialect-bench.ts'
export { dialectSuite } from './dialect-suite.ts'
export { ManualClock, settle } from './manual-clock.ts'
export { MemoryOutboxDatabase, memoryOutboxStorage } from './memory-outbox.ts'
export type { FarEnd, MemoryPairOptions } from './memory-pair.ts'
export { MemoryPair } from './memory-pair.ts'
export type { MakeOutboxDatabase } from './outbox-suite.ts'
export { outboxDatabaseSuite } from './outbox-suite.ts'
export type { MakeReadable, ReadableHarness } from './readable-suite.ts'
export { readableSuite } from './readable-suite.ts'
export type { ScriptedServerOptions } from './scripted-server.ts'
export { ScriptedServer } from './scripted-server.ts'
export type { MakeStore, StoreHarness } from './store-suite.ts'
export { storeSuite } from './store-suite.ts'
export type { SuiteCase } from './suite-case.ts'
export type {
  MakeTransport,
  Reception,
  TransportHarness,
  TransportPeer,
} from './transport-bench.ts'
export { transportSuite } from './transport-suite.ts'
