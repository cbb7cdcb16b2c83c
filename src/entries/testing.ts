/**
 * The testing kit: virtual time and networks, scripted servers, recordings, and suites for own parts.
 *
 * @module wirefold/testing
 */

export { ManualClock, settle } from '../testing/manual-clock.ts'
export { ManualEnvironment } from '../testing/manual-environment.ts'
export type { CutOptions, FarEnd, ServedSocket, Way } from '../testing/network/far-end.ts'
export type { MemoryPairOptions } from '../testing/network/memory-pair.ts'
export { MemoryPair } from '../testing/network/memory-pair.ts'
export type { Random } from '../testing/network/random.ts'
export { seeded } from '../testing/network/random.ts'
export { storm } from '../testing/network/storm.ts'
export { underSeeds } from '../testing/network/under-seeds.ts'
export type { Weather } from '../testing/network/weather.ts'
export { calm } from '../testing/network/weather.ts'
export type { RecordOptions } from '../testing/recording/record.ts'
export { Recording, record } from '../testing/recording/record.ts'
export type { ReplayOptions } from '../testing/recording/replay.ts'
export { Replay, replay } from '../testing/recording/replay.ts'
export type { MockSubscriberOptions } from '../testing/servers/mock-subscriber.ts'
export { createMockSubscriber, MockSubscriber } from '../testing/servers/mock-subscriber.ts'
export type { ScriptedWelcome } from '../testing/servers/scripted-connection.ts'
export type { ScriptedPeerOptions, TextCodec } from '../testing/servers/scripted-peer.ts'
export { ScriptedPeer } from '../testing/servers/scripted-peer.ts'
export type { ScriptedServerOptions } from '../testing/servers/scripted-server.ts'
export { ScriptedServer } from '../testing/servers/scripted-server.ts'
export type {
  MockClient,
  MockServerClass,
  MockSocketOptions,
  MockSocketServer,
} from '../testing/servers/serve-mock-socket.ts'
export { serveMockSocket } from '../testing/servers/serve-mock-socket.ts'
export type { MakeServerDialect } from '../testing/servers/server-halves.ts'
export { serverHalves } from '../testing/servers/server-halves.ts'
export type { DialectHarness, MakeDialect } from '../testing/suites/dialect-harness.ts'
export { dialectSuite } from '../testing/suites/dialect-suite.ts'
export { MemoryOutboxDatabase, memoryOutboxStorage } from '../testing/suites/memory-outbox.ts'
export type { MakeOutboxDatabase } from '../testing/suites/outbox-suite.ts'
export { outboxDatabaseSuite } from '../testing/suites/outbox-suite.ts'
export type { MakeReadable, ReadableHarness } from '../testing/suites/readable-suite.ts'
export { readableSuite } from '../testing/suites/readable-suite.ts'
export type { MakeStore, StoreHarness } from '../testing/suites/store-suite.ts'
export { storeSuite } from '../testing/suites/store-suite.ts'
export type { SuiteCase } from '../testing/suites/suite-case.ts'
export type {
  MakeTransport,
  Reception,
  TransportHarness,
  TransportPeer,
} from '../testing/suites/transport-harness.ts'
export { transportSuite } from '../testing/suites/transport-suite.ts'
