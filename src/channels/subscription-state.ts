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
 *   renew: the channel is subscribed to anew, even while a subscribe is under way.
 *   missing: events are missing, so the channel is subscribed to again, from its position.
 *   disconnected: every state but `refused` becomes none; a refusal stands until the next `want`, or
 *   until the time after which it allows a retry.
 *   lost: no reply arrived, so the server may be in either state: assume the one that is not
 *   desired, so that the message is sent again.
 */

/** An input of the state machine. */
export type SubscriptionInput =
  /** A handler was added. */
  | { readonly name: 'want' }
  /** No handler is left. */
  | { readonly name: 'release' }
  /** A subscribe was sent. */
  | { readonly name: 'sent' }
  /** An unsubscribe was sent. */
  | { readonly name: 'left' }
  /** The subscribe succeeded. */
  | { readonly name: 'acked' }
  /** The unsubscribe was confirmed. */
  | { readonly name: 'gone' }
  /** The server refused, or revoked the subscription. */
  | { readonly name: 'refused'; readonly refusal: Refusal }
  /** The time after which this refusal allows a retry has come. */
  | { readonly name: 'retry'; readonly refusal: Refusal }
  /** No reply arrived in time. */
  | { readonly name: 'lost' }
  /** Events are missing. */
  | { readonly name: 'missing' }
  /** A handler wants the channel subscribed to anew. */
  | { readonly name: 'renew' }
  /** The connection was lost. */
  | { readonly name: 'disconnected' }

/** The initial state of a channel. */
export const unsubscribed: SubscriptionState = {
  wanted: false,
  actual: 'none',
  refusal: undefined,
}

/** Returns the state after an input. */
export function subscription(
  state: SubscriptionState,
  input: SubscriptionInput,
): SubscriptionState {
  const { wanted, actual } = state
  switch (input.name) {
    case 'want':
      // A new handler clears a refusal: permissions may have changed.
      return at(true, actual === 'refused' ? 'none' : actual)
    case 'release':
      return at(false, actual === 'refused' ? 'none' : actual)
    case 'sent':
      return actual === 'none' ? at(wanted, 'subscribing') : state
    case 'left':
      return actual === 'live' ? at(wanted, 'leaving') : state
    case 'acked':
      return actual === 'subscribing' ? at(wanted, 'live') : state
    case 'gone':
      return actual === 'leaving' ? at(wanted, 'none') : state
    case 'refused':
      if (actual === 'none' || actual === 'refused') return state
      if (actual === 'leaving') return at(wanted, 'none')
      return wanted ? { wanted, actual: 'refused', refusal: input.refusal } : at(wanted, 'none')
    case 'retry':
      return state.refusal === input.refusal ? at(wanted, 'none') : state
    case 'lost':
      if (actual !== 'subscribing' && actual !== 'leaving') return state
      return at(wanted, wanted ? 'none' : 'live')
    case 'missing':
      return actual === 'live' && wanted ? at(wanted, 'none') : state
    case 'renew':
      return wanted && (actual === 'live' || actual === 'subscribing') ? at(wanted, 'none') : state
    case 'disconnected':
      return actual === 'refused' ? state : at(wanted, 'none')
  }
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
  return { wanted, actual, refusal: undefined }
}

/** Desired and confirmed state of one channel. */
export interface SubscriptionState {
  /** Whether the channel has handlers, or is kept for a while after its last one. */
  readonly wanted: boolean
  /** The state at the server, as far as it is known. */
  readonly actual: 'none' | 'subscribing' | 'live' | 'leaving' | 'refused'
  /** The refusal, in the state `refused`. */
  readonly refusal: Refusal | undefined
}
