import type { ClientOptions } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import { ManualClock, ScriptedServer, type ScriptedServerOptions } from 'wirefold/testing'

/** A client and a scripted server on one manual clock; collects what is emitted as `error`. */
export function scripted(
  serving: Omit<ScriptedServerOptions, 'clock'> = {},
  options: ClientOptions = {},
) {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock, ...serving })
  const client = new RealtimeClient('ws://test/', {
    transport: server.transport,
    clock,
    random: () => 0.5,
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  return { clock, server, client, errors }
}

/** Records the outcome of a promise, to be read once virtual time has passed. */
export function outcomeOf<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const outcome: { value?: T; error?: unknown } = {}
  promise.then(
    (value) => {
      outcome.value = value
    },
    (error) => {
      outcome.error = error
    },
  )
  return outcome
}
