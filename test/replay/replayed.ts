import { expect } from 'vitest'
import type { ClientOptions } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import type { Fields } from '../../src/protocol/fields.ts'
import { dialled } from '../support/dialled.ts'
import type { SessionLine } from './session.ts'
import { Placeholders } from './session.ts'

type Rig = ReturnType<typeof dialled>

/** Parameters of a replay. */
export interface Replay {
  readonly dialect: DialectFactory
  readonly options?: ClientOptions
  readonly lines: readonly SessionLine[]
  /** Sends the server's replies that the recording does not contain. */
  readonly play: (message: Fields, send: (message: unknown) => void) => void
  /** Called before the first line. */
  readonly before: (rig: Rig) => unknown
  /** Makes the client send its recorded message. */
  readonly act: (frame: Fields, rig: Rig) => unknown
  /** Called before each line of the server. */
  readonly beforeServer?: (frame: Fields, rig: Rig, placeholders: Placeholders) => unknown
  /** Called after each line, with all lines of the server so far. */
  readonly mark?: (frames: readonly Fields[], rig: Rig) => void
}

/**
 * Replays a recorded session with a client: sends the lines of the server, and calls `act` for each
 * line of the client, which must then send exactly the recorded message.
 */
export async function replayed({ lines, dialect, options, ...replay }: Replay): Promise<Rig> {
  const placeholders = new Placeholders()
  let recorded = false
  const rig = dialled(
    dialect,
    (message, send) => {
      if (!recorded) replay.play(message, send)
    },
    options,
  )
  await replay.before(rig)
  await rig.clock.advance(0)
  const served: Fields[] = []
  for (const { dir, frame } of lines) {
    if (dir === 's2c') {
      await replay.beforeServer?.(frame, rig, placeholders)
      served.push(placeholders.fill(frame))
      await rig.deliver(served.at(-1))
    } else {
      recorded = true
      const already = rig.sent.length
      await replay.act(frame, rig)
      await rig.clock.advance(0)
      recorded = false
      const sent = rig.sent.slice(already)
      expect(sent, JSON.stringify(frame)).toHaveLength(1)
      if (!placeholders.matches(frame, sent[0])) expect(sent[0]).toEqual(frame)
    }
    replay.mark?.(served, rig)
  }
  return rig
}

/** Advances time until the client sends a message. */
export async function untilSent({ clock, sent }: Rig): Promise<void> {
  const already = sent.length
  for (let seconds = 0; sent.length === already && seconds < 60; seconds++) {
    await clock.advance(1_000)
  }
}
