export type { DialectHarness, MakeDialect } from '../testing/dialect-harness.ts'
export { dialectSuite } from '../testing/dialect-suite.ts'
export type { CutOptions, FarEnd, ServedSocket, Way } from '../testing/far-end.ts'
export { ManualClock, settle } from '../testing/manual-clock.ts'
export { ManualEnvironment } from '../testing/manual-environment.ts'
export { MemoryOutboxDatabase, memoryOutboxStorage } from '../testing/memory-outbox.ts'
export type { MemoryPairOptions } from '../testing/memory-pair.ts'
export { MemoryPair } from '../testing/memory-pair.ts'
export type { MockSubscriberOptions } from '../testing/mock-subscriber.ts'
export { createMockSubscriber, MockSubscriber } from '../testing/mock-subscriber.ts'
export type { MakeOutboxDatabase } from '../testing/outbox-suite.ts'
export { outboxDatabaseSuite } from '../testing/outbox-suite.ts'
export type { Random } from '../testing/random.ts'
export { seeded } from '../testing/random.ts'
export type { MakeReadable, ReadableHarness } from '../testing/readable-suite.ts'
export { readableSuite } from '../testing/readable-suite.ts'
export type { RecordOptions } from '../testing/record.ts'
export { Recording, record } from '../testing/record.ts'
export type { ReplayOptions } from '../testing/replay.ts'
export { Replay, replay } from '../testing/replay.ts'
export type { ScriptedWelcome } from '../testing/scripted-connection.ts'
export type { ScriptedPeerOptions } from '../testing/scripted-peer.ts'
export { ScriptedPeer } from '../testing/scripted-peer.ts'
export type { ScriptedServerOptions } from '../testing/scripted-server.ts'
export { ScriptedServer } from '../testing/scripted-server.ts'
export type {
  MockClient,
  MockServerClass,
  MockSocketOptions,
  MockSocketServer,
} from '../testing/serve-mock-socket.ts'
export { serveMockSocket } from '../testing/serve-mock-socket.ts'
export type { MakeServerDialect } from '../testing/server-halves.ts'
export { serverHalves } from '../testing/server-halves.ts'
export type { MakeStore, StoreHarness } from '../testing/store-suite.ts'
export { storeSuite } from '../testing/store-suite.ts'
export { storm } from '../testing/storm.ts'
export type { SuiteCase } from '../testing/suite-case.ts'
export type {
  MakeTransport,
  Reception,
  TransportHarness,
  TransportPeer,
} from '../testing/transport-harness.ts'
export { transportSuite } from '../testing/transport-suite.ts'
export { underSeeds } from '../testing/under-seeds.ts'
export type { Weather } from '../testing/weather.ts'
export { calm } from '../testing/weather.ts'
