import type { DialectFactory } from '../../protocol/dialect.ts'
import { withQuery } from '../../protocol/url-query.ts'

/**
 * Has the server subscribe to topics while the connection opens, so that their snapshots come a round
 * trip sooner. Whoever wants their events subscribes to them all the same.
 */
export function withInitialTopics(
  topics: DialectFactory,
  initial: readonly string[],
): DialectFactory {
  return () => {
    const inner = topics()
    return {
      ...inner,
      url: (base, credentials) =>
        withQuery(inner.url(base, credentials), { initial_topics: initial.join() }),
    }
  }
}
