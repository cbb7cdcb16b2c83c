import { readFileSync } from 'node:fs'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'

/** The lines of a recorded run of a pipeline with 18 documents, as sent. */
export const recordedLines: readonly string[] = readFileSync(
  new URL('../../examples/recordings/duui-run.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')

/** Returns the parsed envelopes; every call parses anew, so that runs share no objects. */
export function recordedEnvelopes(): DUUIEnvelope[] {
  return recordedLines.map((line): DUUIEnvelope => JSON.parse(line))
}
