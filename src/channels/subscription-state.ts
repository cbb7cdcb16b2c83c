import type { Refusal } from '../base/errors.ts'

/*
 * One channel: what the application wants, and what the server has. Nothing here acts: the shell
 * looks at due() at the end of a turn, says it, and feeds back what became of it.
 *
 *            asked             acked
 *   none ───────────▶ asking ─────────▶ live ──left──▶ leaving ──gone──▶ none
 *    ▲                  │ refused         │ refused
 *    │ want             ▼                 │
 *    └────────────── refused ◀────────────┘
 *
 *   renew: what the server has is of no use, so it is asked for again, even where it is being asked.
 *   hole: events are missing, so it is asked for again, from where it was.
 *   cut: everything but `refused` is none again; a refusal stands until somebody wants anew.
 *   lost: no answer came, so the server may be in either state: assume the one we do not want,
 *   so that it is asked again.
 */

/** Whether somebody wants the channel, and how far the server is with it. */
export interface SubscriptionState {
  readonly wanted: boolean
  readonly actual: 'none' | 'asking' | 'live' | 'leaving' | 'refused'
  /** Why, where it was refused. */
  readonly refusal: Refusal | undefined
}

/** What can happen to a channel. */
export type SubscriptionInput =
  /** Somebody wants it, perhaps anew. */
  | { readonly name: 'want' }
  /** Nobody wants it any more. */
  | { readonly name: 'release' }
  /** A subscribe was sent. */
  | { readonly name: 'asked' }
  /** An unsubscribe was sent. */
  | { readonly name: 'left' }
  /** The subscribe succeeded. */
  | { readonly name: 'acked' }
  /** The unsubscribe was confirmed. */
  | { readonly name: 'gone' }
  /** The server said no, or took the subscription away. */
  | { readonly name: 'refused'; readonly refusal: Refusal }
  /** No answer came in time. */
  | { readonly name: 'lost' }
  /** Events are missing. */
  | { readonly name: 'missing' }
  /** It is wanted from the very beginning. */
  | { readonly name: 'renew' }
  /** The connection is gone. */
  | { readonly name: 'cut' }

/** A channel nobody has asked for. */
export const unsubscribed: SubscriptionState = {
  wanted: false,
  actual: 'none',
  refusal: undefined,
}

/** Decides what an input does to a channel. */
export function subscription(
  state: SubscriptionState,
  input: SubscriptionInput,
): SubscriptionState {
  const { wanted, actual } = state
  switch (input.name) {
    case 'want':
      // Wanting it anew takes back a refusal: rights may have changed.
      return at(true, actual === 'refused' ? 'none' : actual)
    case 'release':
      return at(false, actual === 'refused' ? 'none' : actual)
    case 'asked':
      return actual === 'none' ? at(wanted, 'asking') : state
    case 'left':
      return actual === 'live' ? at(wanted, 'leaving') : state
    case 'acked':
      return actual === 'asking' ? at(wanted, 'live') : state
    case 'gone':
      return actual === 'leaving' ? at(wanted, 'none') : state
    case 'refused':
      if (actual === 'none' || actual === 'refused') return state
      if (actual === 'leaving') return at(wanted, 'none')
      return wanted ? { wanted, actual: 'refused', refusal: input.refusal } : at(wanted, 'none')
    case 'lost':
      if (actual !== 'asking' && actual !== 'leaving') return state
      return at(wanted, wanted ? 'none' : 'live')
    case 'missing':
      return actual === 'live' && wanted ? at(wanted, 'none') : state
    case 'renew':
      return wanted && (actual === 'live' || actual === 'asking') ? at(wanted, 'none') : state
    case 'cut':
      return actual === 'refused' ? state : at(wanted, 'none')
  }
}

/** What has to be said so that the server's state becomes what is wanted. */
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
