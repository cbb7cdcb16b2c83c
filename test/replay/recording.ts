import { readFileSync } from 'node:fs'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'

/** The lines of a recorded run of a pipeline over 18 documents, as they went over the wire. */
export const recordedLines: readonly string[] = readFileSync(
  new URL('../../examples/recordings/duui-run.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')

/** The same as envelopes; every call parses anew, so that no two runs share an object. */
export function recordedEnvelopes(): DUUIEnvelope[] {
  return recordedLines.map((line): DUUIEnvelope => JSON.parse(line))
}
