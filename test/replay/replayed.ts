import { expect } from 'vitest'
import type { ClientOptions } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import type { Fields } from '../../src/protocol/fields.ts'
import { dialled } from '../support/dialled.ts'
import type { SessionLine } from './session.ts'
import { Placeholders } from './session.ts'

type Rig = ReturnType<typeof dialled>

/** How a session is replayed. */
export interface Replay {
  readonly dialect: DialectFactory
  readonly options?: ClientOptions
  readonly lines: readonly SessionLine[]
  /** What a server of the kind answers to what the recording does not have. */
  readonly play: (message: Fields, send: (message: unknown) => void) => void
  /** What happens before the first line. */
  readonly before: (rig: Rig) => unknown
  /** Has the client say what it said in the recording. */
  readonly act: (frame: Fields, rig: Rig) => unknown
  /** Called before each line of the server. */
  readonly told?: (frame: Fields, rig: Rig, placeholders: Placeholders) => unknown
  /** Called after each line, with all of the server's so far. */
  readonly mark?: (told: readonly Fields[], rig: Rig) => void
}

/**
 * Replays a recorded session against a client: the server's lines as they are, the client's by having
 * it do the same. Each of those must make it say what is recorded, and nothing else.
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
  const told: Fields[] = []
  for (const { dir, frame } of lines) {
    if (dir === 's2c') {
      await replay.told?.(frame, rig, placeholders)
      told.push(placeholders.fill(frame))
      await rig.deliver(told.at(-1))
    } else {
      recorded = true
      const already = rig.sent.length
      await replay.act(frame, rig)
      await rig.clock.advance(0)
      recorded = false
      const said = rig.sent.slice(already)
      expect(said, JSON.stringify(frame)).toHaveLength(1)
      if (!placeholders.matches(frame, said[0])) expect(said[0]).toEqual(frame)
    }
    replay.mark?.(told, rig)
  }
  return rig
}

/** Lets time pass until the client says something. */
export async function untilSaid({ clock, sent }: Rig): Promise<void> {
  const already = sent.length
  for (let seconds = 0; sent.length === already && seconds < 60; seconds++) {
    await clock.advance(1_000)
  }
}
