import { Server } from 'mock-socket'
import { describe, expect, it } from 'vitest'
import {
  createMockSubscriber,
  ManualClock,
  MemoryPair,
  record,
  replay,
  ScriptedPeer,
  ScriptedServer,
  serveMockSocket,
} from 'wirefold/testing'

const clock = new ManualClock()
/** What a caller in JavaScript passes by mistake. */
const misspelt = { clock, anwser: 1 } as object

const makers: Readonly<Record<string, (options: object) => unknown>> = {
  ScriptedServer: (options) => new ScriptedServer(options),
  ScriptedPeer: (options) => new ScriptedPeer(options),
  MemoryPair: (options) => new MemoryPair({ clock, ...options }),
  MockSubscriber: (options) => createMockSubscriber(options),
  serveMockSocket: (options) => serveMockSocket(Server, 'ws://localhost/options', options),
  record: (options) => record(new MemoryPair({ clock }), options),
  replay: (options) => replay('', options),
}

describe('the testing kit', () => {
  it.each(Object.entries(makers))('refuses an option that %s does not know', (name, make) => {
    expect(() => make(misspelt)).toThrow(`${name} does not know the name anwser. Use`)
  })

  it('refuses an unknown kind of weather', () => {
    const weather = { latency: 1 } as object
    expect(() => new ScriptedServer({ weather })).toThrow(
      'The weather does not know the name latency. Use',
    )
  })
})
