import { isPromise } from '../../base/deferred.ts'
import { badOption } from '../../base/errors.ts'
import { reportRejection } from '../../base/report.ts'
import type { OpenSession, SessionOptions, SessionPart } from './mount.ts'

/**
 * Wraps the part that a mount adds to sessions, which may be that of an application, so that its
 * exceptions and rejections are reported. An exception while it is opened ends the connection with 1011; a command whose
 * `take` throws counts as taken.
 */
export function containedPart(
  opened: NonNullable<SessionOptions['opened']>,
  report: (error: unknown) => void,
): (session: OpenSession) => SessionPart {
  return (session) => {
    try {
      const part = opened(session)
      reportRejection(part, report)
      if (isPromise(part)) {
        throw badOption(
          'opened',
          'The `opened` of a mount returned a promise. Return the part at once.',
        )
      }
      return {
        take(command) {
          try {
            const taken = part.take(command)
            reportRejection(taken, report)
            return taken
          } catch (error) {
            report(error)
            return true
          }
        },
        closed(reason) {
          try {
            reportRejection(part.closed(reason), report)
          } catch (error) {
            report(error)
          }
        },
      }
    } catch (error) {
      report(error)
      session.end(1011, 'internal')
      return { take: () => true, closed() {} }
    }
  }
}
