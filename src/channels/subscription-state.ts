import type { Refusal } from '../base/errors.ts'

/*
 * State machine of one channel's subscription: the desired state, and the state at the server. It
 * is pure: ChannelSubscriber sends the message that due() returns, and feeds the result back.
 *
 *            sent              acked
 *   none ───────────▶ subscribing ────▶ live ──left──▶ leaving ──gone──▶ none
 *    ▲                  │ refused         │ refused
 *    │ want             ▼                 │
 *    └────────────── refused ◀────────────┘
 *
 *   ended: like refused, without an error: the server sends no more events.
 *   dropped: the server has lost the subscription, which is subscribed to again after a wait.
 *   renew: the channel is subscribed to anew, even while a subscribe is under way.
 *   missing: events are missing, so the channel is subscribed to again, from its position.
 *   disconnected: every state but `refused` and `ended` becomes none; a refusal stands until the next
 *   `want`, or until the time after which it allows a retry.
 *   lost: no reply arrived, so the server may be in either state: assume the one that is not
 *   desired, so that the message is sent again.
 */

/** An input of the state machine. */
export type SubscriptionInput =
  /** A handler was added. */
  | 'want'
  /** No handler is left. */
  | 'release'
  /** A subscribe was sent. */
  | 'sent'
  /** An unsubscribe was sent. */
  | 'left'
  /** The subscribe succeeded. */
  | 'acked'
  /** The unsubscribe was confirmed. */
  | 'gone'
  /** The server refused, or revoked the subscription. */
  | 'refused'
  /** The channel has ended. */
  | 'ended'
  /** The server has lost the subscription. */
  | 'dropped'
  /** The time after which the refusal allows a retry, or the wait after a loss, has passed. */
  | 'retry'
  /** No reply arrived in time. */
  | 'lost'
  /** Events are missing. */
  | 'missing'
  /** A handler wants the channel subscribed to anew. */
  | 'renew'
  /** The connection was lost. */
  | 'disconnected'

/** The initial state of a channel. */
export const unsubscribed: SubscriptionState = { wanted: false, actual: 'none', refusal: undefined }

/** The states that most channels are in, or pass: one object for all, which saves memory. */
const COMMON: readonly SubscriptionState[] = [
  { wanted: true, actual: 'live', refusal: undefined },
  { wanted: true, actual: 'subscribing', refusal: undefined },
  { wanted: true, actual: 'none', refusal: undefined },
]

/**
 * Returns the state after an input.
 *
 * @param refusal the refusal that the inputs `refused` and `retry` are about; for a loss, `dropped`
 * and `retry`, one that only has the time of the retry
 */
export function subscription(
  state: SubscriptionState,
  input: SubscriptionInput,
  refusal?: Refusal,
): SubscriptionState {
  const { wanted, actual } = state
  switch (input) {
    case 'want':
    case 'release':
      if (actual === 'dropped') return input === 'want' ? state : at(false, 'none')
      // A new handler clears a refusal: permissions may have changed.
      return at(input === 'want', isFinal(actual) ? 'none' : actual)
    case 'sent':
      return actual === 'none' ? at(wanted, 'subscribing') : state
    case 'left':
      return actual === 'live' ? at(wanted, 'leaving') : state
    case 'acked':
      return actual === 'subscribing' ? at(wanted, 'live') : state
    case 'gone':
      return actual === 'leaving' ? at(wanted, 'none') : state
    case 'refused':
    case 'ended':
    case 'dropped':
      if (actual === 'none' || actual === input || isFinal(actual)) return state
      return actual !== 'leaving' && wanted
        ? { wanted, actual: input, refusal }
        : at(wanted, 'none')
    case 'retry':
      return state.refusal === refusal ? at(wanted, 'none') : state
    case 'lost':
      if (actual !== 'subscribing' && actual !== 'leaving') return state
      return at(wanted, wanted ? 'none' : 'live')
    case 'missing':
      return actual === 'live' && wanted ? at(wanted, 'none') : state
    case 'renew':
      return wanted && (actual === 'live' || actual === 'subscribing') ? at(wanted, 'none') : state
    case 'disconnected':
      return isFinal(actual) ? state : at(wanted, 'none')
  }
}

/** Whether the server has ended the subscription, which stays so until the next `want`. */
function isFinal(actual: SubscriptionState['actual']): boolean {
  return actual === 'refused' || actual === 'ended'
}

/** Returns the message that moves the server towards the desired state. */
export function due({
  wanted,
  actual,
}: SubscriptionState): 'subscribe' | 'unsubscribe' | undefined {
  if (wanted && actual === 'none') return 'subscribe'
  return !wanted && actual === 'live' ? 'unsubscribe' : undefined
}

function at(wanted: boolean, actual: SubscriptionState['actual']): SubscriptionState {
  const common = COMMON.find((state) => state.wanted === wanted && state.actual === actual)
  return common ?? { wanted, actual, refusal: undefined }
}

/** Desired and confirmed state of one channel. */
export interface SubscriptionState {
  /** Whether the channel has handlers, or is kept for a while after its last one. */
  readonly wanted: boolean
  /** The state at the server, as far as it is known. */
  readonly actual: 'none' | 'subscribing' | 'live' | 'leaving' | 'refused' | 'ended' | 'dropped'
  /** The refusal, in the state `refused`; in the state `dropped` one with the time of the retry. */
  readonly refusal: Refusal | undefined
}
