import type { Refusal } from '../../base/errors.ts'
import type { LogArea } from '../../base/logger.ts'
import type { MalformedCommand } from '../../protocol/command.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import { badFrame } from '../access/refusals.ts'
import type { ServerCore } from '../server-parts.ts'

/** What a voice speaks through. */
export interface FrameWriterDeps {
  readonly core: ServerCore
  /** The id of the connection. */
  readonly id: string
  readonly dialect: ServerDialect
  readonly send: (text: string) => void
}

/** What one connection says to its client, and of it to the log. */
export class FrameWriter {
  readonly #deps: FrameWriterDeps

  constructor(deps: FrameWriterDeps) {
    this.#deps = deps
  }

  /** Says something, where the dialect has a word for it. */
  say(frame: ServerFrame): void {
    const text = this.#deps.dialect.encode(frame)
    if (text !== undefined) this.#deps.send(text)
  }

  /** Says no: to one who asked, or to all that was said. */
  refuse(error: Refusal, requestId?: string): void {
    this.#deps.core.counters.refused(error.code)
    this.log('connection', `refused: ${error.code}`)
    this.say({ kind: 'refusal', to: requestId === undefined ? [] : [requestId], error })
  }

  /** Says no to what could not be read: once, and to all who say which answer they wait for. */
  blame(malformed: readonly MalformedCommand[]): void {
    const nameless = malformed.find(({ requestId }) => requestId === undefined)
    if (nameless) this.refuse(badFrame(nameless.reason))
    for (const { requestId, reason } of malformed) {
      if (requestId !== undefined) this.refuse(badFrame(reason), requestId)
    }
  }

  /** Writes a line of the log. */
  log(area: LogArea, what: string): void {
    const { core, id } = this.#deps
    core.logger?.(area, `${id} ${what}`)
  }
}
