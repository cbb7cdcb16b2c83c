import { checkNames } from '../../../base/known-names.ts'
import { SYSTEM } from '../../../dialects/topics/dialect.ts'
import { topicsServer } from '../../../dialects/topics/server.ts'
import type { Mount } from '../../session/mount.ts'
import type { ReadSnapshot } from '../../session/snapshot.ts'
import { dialectMount } from '../dialect-mount.ts'

/**
 * Creates a mount for clients of a topics backend, `wirefold/dialects/topics`, in both envelopes.
 *
 * The token is taken from the query, `?token=`; a client without one is anonymous if `authenticate`
 * allows it. Every client is subscribed to `system`, if `authorize` allows it, and to the topics in
 * `?initial_topics=agent:1,thread:45`, which may be repeated.
 *
 * @example
 * import { refuse, topicsMount } from 'wirefold/server'
 *
 * server.mount('/api/ws/v2', topicsMount({
 *   snapshot: async (topic) => {
 *     const agent = await agents.find(topic)
 *     if (!agent) throw refuse('not-found', 'There is no such agent.')
 *     return { type: 'agent_state', payload: agent }
 *   },
 * }))
 */
export function topicsMount(options: TopicsMountOptions = {}): Mount {
  const { snapshot: read } = options
  checkNames('topicsMount()', options, { snapshot: read })
  const snapshot: ReadSnapshot | undefined =
    read && ((topic, about) => (topic === SYSTEM ? undefined : read(topic, about)))
  return dialectMount(
    ({ query }) => {
      const lists = query.getAll('initial_topics')
      const names = lists.flatMap((list) => list.split(',').map((name) => name.trim()))
      return topicsServer([...new Set(names)].filter((name) => name !== ''))
    },
    { token: ({ query }) => query.get('token') || undefined, snapshot },
  )
}

/** Options of {@link topicsMount}. */
export interface TopicsMountOptions {
  /**
   * Reads the state of a topic, sent with every subscribe to it: `agent_state`, `thread_history`. It
   * is called neither for `system` nor for families such as `agent:*`, which have no state. The
   * refusal `not-found` refuses the subscribe with "Thread 7 not found".
   * @default topics have no state
   */
  readonly snapshot?: ReadSnapshot | undefined
}
