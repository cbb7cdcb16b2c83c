/** Makes a step of a batch that does not run once the owner of its request was declared dead. */
export function withinRequest(
  { key, owner, once }: StepRequest,
  step: readonly string[],
): readonly string[] {
  return owner === undefined ? step : ['within', owner, key, once, ...step]
}

/** Whether a step did not run, since the owner of its request was declared dead. */
export function isRefusedStep(reply: string): boolean {
  return reply === 'lost'
}

/** The request that a step is a part of. */
export interface StepRequest {
  readonly key: string
  /** The owner of the request; `undefined` if it has not begun here. */
  readonly owner: string | undefined
  /** Of the steps of a request with the same value only the first runs; empty for no limit. */
  readonly once: string
}
