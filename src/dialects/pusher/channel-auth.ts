import { systemClock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { TransportFactory } from '../../ports/transport.ts'
import type { Encoded } from '../../protocol/codec.ts'
import type { Credentials } from '../../protocol/dialect.ts'
import { asFields, asString, type Fields } from '../../protocol/fields.ts'
import { isSigned } from './channels.ts'
import { dataOf } from './data.ts'

/** The longest wait for a signature, less than that of a subscribe, in milliseconds. */
const TIMEOUT_MS = 8_000
/** The wait before the endpoint is asked again that could not answer, in milliseconds. */
const RETRY_MS = 5_000

/**
 * Makes a transport sign the subscribes to private and presence channels of Pusher. It holds back each one
 * until the endpoint has answered, and with it what follows on that channel; other channels do not wait.
 *
 * The client gets a refusal of the endpoint as one of the backend. It is final for any answer without a
 * signature, but for the statuses 429 and from 500; after those, and without an answer in 8 s, the client asks
 * again after 5 s.
 *
 * @example
 * import { webSocketTransport } from 'wirefold'
 * import { withChannelAuth } from 'wirefold/dialects/pusher'
 *
 * const transport = withChannelAuth(webSocketTransport(), { endpoint: '/broadcasting/auth' })
 */
export function withChannelAuth(
  transport: TransportFactory,
  { endpoint, headers, onSigned, fetch = globalThis.fetch }: ChannelAuthOptions,
): TransportFactory {
  return {
    ...transport,
    open(url, protocols, handlers, credentials = {}) {
      const ended = new AbortController()
      const { signal } = ended
      /** The messages that wait for the signature of their channel. */
      const held = new Map<string, Encoded[]>()
      let socketId: string | undefined

      /** Returns the answer of the endpoint; one without a signature is a refusal. */
      async function request(channel_name: string): Promise<Fields> {
        const response = await fetch(endpoint, {
          method: 'POST',
          // Laravel redirects other clients than those of JSON.
          headers: { accept: 'application/json', ...(await headers?.(credentials)) },
          body: new URLSearchParams({ socket_id: socketId ?? '', channel_name }),
          signal,
        })
        const { ok, status } = response
        const error = `${endpoint} signed nothing: HTTP ${status}`
        if (status === 429 || status > 499) throw error
        const answer = asFields(ok && dataOf(await response.text()))
        try {
          if (typeof answer.auth !== 'string') return { error, status }
          onSigned?.(channel_name, answer)
          return answer
        } catch (cause) {
          return { error: messageOf(cause) }
        }
      }

      /** Sends a subscribe with its signature, or receives its refusal; then sends what waited for it. */
      async function sign(channel: string): Promise<void> {
        const { auth, channel_data, ...refusal } = await new Promise<Fields>((resolve) => {
          const failed = (cause: unknown): void => {
            const error = messageOf(cause)
            // Every platform names the URL in the error of an address that it cannot read, now or later.
            resolve(/URL/.test(error) ? { error } : { error, status: 0, retryAfterMs: RETRY_MS })
          }
          const late = `${endpoint} did not answer`
          const cancel = systemClock.after(TIMEOUT_MS, () => failed(late), 'background')
          void request(channel).then(resolve, failed).finally(cancel)
        })
        if (signal.aborted) return
        if (auth) {
          // The dialect learns which channels the backend knows of.
          handlers.message(message('signed', {}, channel))
          inner.send(message('subscribe', { channel, auth, channel_data }))
        } else handlers.message(message('subscription_error', refusal, channel))
        const queue = held.get(channel)
        held.delete(channel)
        queue?.forEach(send)
      }

      function send(data: Encoded): void {
        const { event, data: inside, channel: named } = asFields(dataOf(data))
        const channel = asString(named ?? asFields(inside).channel) ?? ''
        const queue = held.get(channel)
        if (queue) queue.push(data)
        else if (event === 'pusher:subscribe' && isSigned(channel)) {
          held.set(channel, [])
          void sign(channel)
        } else inner.send(data)
      }

      const inner = transport.open(
        url,
        protocols,
        {
          ...handlers,
          message(data) {
            // The welcome comes first, and no subscribe is sent before it.
            socketId ??= asString(asFields(dataOf(asFields(dataOf(data)).data)).socket_id)
            handlers.message(data)
          },
          closed(info) {
            ended.abort()
            handlers.closed(info)
          },
        },
        credentials,
      )
      return {
        get bufferedAmount() {
          return inner.bufferedAmount
        },
        send,
        close(code, reason) {
          ended.abort()
          inner.close(code, reason)
        },
      }
    },
  }
}

function message(event: string, data: Fields, channel?: string): string {
  return JSON.stringify({ event: `pusher:${event}`, channel, data })
}

/** Options of {@link withChannelAuth}. */
export interface ChannelAuthOptions {
  /** The address of the backend's endpoint, to which `socket_id` and `channel_name` are posted as a form. */
  readonly endpoint: string
  /**
   * Returns headers of each request, by the credentials of `auth`; may return a promise, for a token that
   * is renewed.
   * @default none but `accept`
   */
  readonly headers?:
    | ((
        credentials: Credentials,
      ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined
  /**
   * Called with each answer that has a signature, before it is sent: that of an encrypted channel has the
   * `shared_secret`. Where it throws, the channel is refused.
   */
  readonly onSigned?: ((channel: string, answer: Fields) => void) | undefined
  /**
   * The function that makes the requests: for cookies of another origin, for tests.
   * @default globalThis.fetch
   */
  readonly fetch?: typeof globalThis.fetch | undefined
}
