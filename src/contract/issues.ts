import type { ContractIssue } from '../base/errors.ts'
import type { IssuePath } from '../ports/contract-rules.ts'

/** Maximum number of issues whose paths go to the peer. */
const MOST_ISSUES = 8
/** Maximum number of steps of such a path. */
const MOST_STEPS = 8
/** Maximum number of characters of such a step. */
const LONGEST_STEP = 64

/**
 * Returns the paths of issues for the peer. Messages of schemas quote values, so they are left out;
 * keys of records are data of the peer, too, so paths are bounded.
 */
export function pathsOf(issues: readonly ContractIssue[]): readonly IssuePath[] {
  return issues
    .slice(0, MOST_ISSUES)
    .map(({ path }) => Array.from(path ?? [], stepOf).slice(0, MOST_STEPS))
}

function stepOf(step: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof step === 'object' ? step.key : step
  // A cut surrogate pair would be half of one, which UTF-8 cannot represent.
  return typeof key === 'number'
    ? key
    : String(key)
        .slice(0, LONGEST_STEP)
        .replace(/[\ud800-\udfff]$/u, '')
}
