export type { DialectHarness, MakeDialect } from '../testing/dialect-harness.ts'
export { dialectSuite } from '../testing/dialect-suite.ts'
export { ManualClock, settle } from '../testing/manual-clock.ts'
export { MemoryOutboxDatabase, memoryOutboxStorage } from '../testing/memory-outbox.ts'
export type { FarEnd, MemoryPairOptions } from '../testing/memory-pair.ts'
export { MemoryPair } from '../testing/memory-pair.ts'
export type { MakeOutboxDatabase } from '../testing/outbox-suite.ts'
export { outboxDatabaseSuite } from '../testing/outbox-suite.ts'
export type { MakeReadable, ReadableHarness } from '../testing/readable-suite.ts'
export { readableSuite } from '../testing/readable-suite.ts'
export type { ScriptedServerOptions } from '../testing/scripted-server.ts'
export { ScriptedServer } from '../testing/scripted-server.ts'
export type { MakeStore, StoreHarness } from '../testing/store-suite.ts'
export { storeSuite } from '../testing/store-suite.ts'
export type { SuiteCase } from '../testing/suite-case.ts'
export type {
  MakeTransport,
  Reception,
  TransportHarness,
  TransportPeer,
} from '../testing/transport-harness.ts'
export { transportSuite } from '../testing/transport-suite.ts'
