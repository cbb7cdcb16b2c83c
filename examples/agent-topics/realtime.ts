import { sharedServer, topicsMount } from 'wirefold/server'

/* A backend with two agents and two threads, in which the first of the agents writes. */

/** The agents by id, which vite.config.ts serves at /api/agents. */
export const agents = new Map([
  [1, { id: 1, name: 'Ada', status: 'idle' }],
  [2, { id: 2, name: 'Grace', status: 'idle' }],
])

/** Returns the pieces of an answer. */
const answer = (thread: number) => [`Thread ${thread}: `, 'an answer, ', 'piece by piece.']

const server = sharedServer('/realtime', {
  families: ['agent'],
  authorize: (_, __, action) => action === 'subscribe',
})

server.setUp(() => {
  const histories = new Map(
    [7, 8].map((id) => [`thread:${id}`, [message(id, `Thread ${id}: a question.`)]]),
  )
  const snapshot = (topic: string) => {
    const messages = histories.get(topic)
    const thread_id = Number(topic.split(':')[1])
    return messages && { type: 'thread_history', payload: { thread_id, messages } }
  }
  server.mount('/api/ws/v2', topicsMount({ snapshot }))
  let step = 0
  const timer = setInterval(() => void work(step++), 300)
  return () => clearInterval(timer)

  /** Publishes the next piece of an answer, and the state of the agent that writes it. */
  async function work(number: number): Promise<void> {
    const part = number % 5
    const working = { id: 1, name: 'Ada', status: part === 0 ? 'idle' : 'processing' }
    agents.set(1, working)
    await server.publish('agent:1', 'agent_updated', working)
    for (const [topic, history] of histories) {
      const thread_id = Number(topic.split(':')[1])
      const content = answer(thread_id)[part - 1]
      if (part === 0) await server.publish(topic, 'stream_start', { thread_id })
      else if (content) await server.publish(topic, 'stream_chunk', { thread_id, content })
      else {
        const whole = message(thread_id, answer(thread_id).join(''))
        history.splice(1, history.length, whole)
        await server.publish(topic, 'stream_end', { thread_id })
        await server.publish(topic, 'thread_message_created', whole)
      }
    }
  }
})

function message(thread_id: number, content: string) {
  return { id: content.length, thread_id, role: 'assistant', content }
}
