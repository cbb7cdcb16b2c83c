import type { ServerDialect } from '../../protocol/server-dialect.ts'
import { textFrames } from './websocket-frames.ts'

/** How several texts become one frame; without, they are a frame each. */
export type Join = ServerDialect['join']

/**
 * Some texts in order, to be written at once; never changed, only followed by a longer one.
 *
 * Those who are due the same texts come to the same batch, and so share its bytes: a text that
 * follows a batch for one is likely to follow it for the next.
 */
export class FrameBatch {
  /** About how long it is, in UTF-16 units. */
  readonly units: number
  readonly #join: Join
  readonly #before: FrameBatch | undefined
  readonly #text: string
  #next: FrameBatch | undefined
  #frames: readonly Buffer[] | undefined

  private constructor(join: Join, before: FrameBatch | undefined, text: string) {
    this.units = (before?.units ?? 0) + text.length
    this.#join = join
    this.#before = before
    this.#text = text
  }

  /** The batch without a text, which others grow from. */
  static empty(join: Join): FrameBatch {
    return new FrameBatch(join, undefined, '')
  }

  /** This batch and one more text: the same one for those who ask for it in a row. */
  and(text: string): FrameBatch {
    const next = this.#next
    if (next && next.#text === text) return next
    this.#next = new FrameBatch(this.#join, this, text)
    return this.#next
  }

  /** Its frames, written once for all; see {@link textFrames}. */
  get frames(): readonly Buffer[] {
    this.#frames ??= this.#write()
    return this.#frames
  }

  #write(): readonly Buffer[] {
    const texts: string[] = []
    for (let batch: FrameBatch = this; batch.#before; batch = batch.#before) texts.push(batch.#text)
    texts.reverse()
    return textFrames(texts.length > 1 && this.#join ? [this.#join(texts)] : texts)
  }
}
