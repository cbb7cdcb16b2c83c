import type { Clock } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import type { RepliedRequest } from '../../ports/client-checks.ts'
import type { Verdict } from '../../ports/contract-rules.ts'

/** The limits of a request; its time limit in milliseconds. */
interface Limits {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
}

/**
 * Returns the verdict on a reply. Rejects with `aborted` or `request-timeout` where the signal or the
 * time limit of its request comes first.
 */
export function replyWithin(
  clock: Clock,
  verdict: Promise<Verdict>,
  { type, requestId, since }: RepliedRequest,
  { signal, timeoutMs }: Limits,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const what = `The request ${type}`
    const late = (): void => {
      const message = `${what} timed out: its reply came, but no schema decided on it in ${timeoutMs} ms.`
      const detail = { requestId, timeoutMs, sent: true }
      reject(new WirefoldError('request-timeout', message, detail))
    }
    const onAbort = (): void => {
      const message = `${what} was aborted by its signal, after its reply came.`
      const cause: unknown = signal?.reason
      reject(new WirefoldError('aborted', message, { requestId }, { cause }))
    }
    const remaining = since + timeoutMs - clock.now()
    const cancel = Number.isFinite(remaining)
      ? clock.after(Math.max(0, remaining), late, 'background')
      : undefined
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    void verdict.then(resolve).finally(() => {
      cancel?.()
      signal?.removeEventListener('abort', onAbort)
    })
  })
}
