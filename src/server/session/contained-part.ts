import type { OpenSession, SessionOptions, SessionPart } from './mount.ts'

/**
 * Wraps the part that a mount adds to sessions, which may be that of an application, so that its
 * exceptions are reported. One while it is opened ends the connection with 1011; a command whose
 * `take` throws counts as taken.
 */
export function containedPart(
  opened: NonNullable<SessionOptions['opened']>,
  report: (error: unknown) => void,
): (session: OpenSession) => SessionPart {
  return (session) => {
    try {
      const part = opened(session)
      return {
        take(command) {
          try {
            return part.take(command)
          } catch (error) {
            report(error)
            return true
          }
        },
        closed(reason) {
          try {
            part.closed(reason)
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
