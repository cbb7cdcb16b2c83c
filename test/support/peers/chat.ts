/** A message in a room of the test's GraphQL servers. */
export interface Message {
  readonly id: string
  readonly text: string
  readonly by: string
}

/** Documents of the operations that the servers have. */
export const operations = {
  hello: '{ hello }',
  boom: '{ boom }',
  nope: '{ nope }',
  slow: '{ slow }',
  history: 'query ($room: ID!) { history(room: $room) { id text by } }',
  send: 'mutation ($room: ID!, $text: String!) { send(room: $room, text: $text) { id text by } }',
  messages: 'subscription ($room: ID!) { messages(room: $room) { id text by } }',
  countdown: 'subscription ($from: Int!) { countdown(from: $from) }',
} as const

/** The user of a token; `undefined` for a token that is refused. */
export function userOf(token: unknown): string | undefined {
  return typeof token === 'string' && token.startsWith('t-') ? token.slice(2) : undefined
}

/** An error with a code for clients, as GraphQL servers send it. */
export function coded(code: string): Error {
  return Object.assign(new Error(code.toLowerCase()), { extensions: { code } })
}

/** Rooms with messages: what the test's GraphQL servers serve. */
export class Chat {
  readonly #messages = new Map<string, Message[]>()
  readonly #followers = new Map<string, Set<Follower>>()
  #count = 0

  history(room: string): readonly Message[] {
    return this.#messages.get(room) ?? []
  }

  send(room: string, text: string, by: string): Message {
    if (room === 'secret') throw coded('FORBIDDEN')
    const message = { id: `${++this.#count}`, text, by }
    this.#messages.set(room, [...this.history(room), message])
    for (const follower of this.#in(room)) follower.push({ messages: message })
    return message
  }

  /** Returns the messages of a room from now on. */
  messages(room: string): AsyncIterableIterator<unknown> {
    if (room === 'secret') throw coded('FORBIDDEN')
    const follower = new Follower(() => this.#in(room).delete(follower))
    this.#in(room).add(follower)
    return follower
  }

  /** Number of subscriptions to a room. */
  following(room: string): number {
    return this.#in(room).size
  }

  /** Ends the subscriptions to a room, with an error if one is given. */
  end(room: string, error?: Error): void {
    for (const follower of [...this.#in(room)]) follower.end(error)
  }

  #in(room: string): Set<Follower> {
    const followers = this.#followers.get(room) ?? new Set()
    this.#followers.set(room, followers)
    return followers
  }
}

/** One subscription. */
class Follower implements AsyncIterableIterator<unknown> {
  readonly #left: () => void
  readonly #values: unknown[] = []
  #wake: () => void = () => {}
  #ended = false
  #error: Error | undefined

  constructor(left: () => void) {
    this.#left = left
  }

  push(value: unknown): void {
    this.#values.push(value)
    this.#wake()
  }

  end(error?: Error): void {
    this.#ended = true
    this.#error = error
    this.#left()
    this.#wake()
  }

  async next(): Promise<IteratorResult<unknown>> {
    for (;;) {
      if (this.#values.length > 0) return { done: false, value: this.#values.shift() }
      if (this.#error) throw this.#error
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
