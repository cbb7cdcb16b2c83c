/** The most events a channel's history holds. */
export const HISTORY_EVENTS = 1_000
/** How long a channel's history holds an event, in milliseconds. */
export const HISTORY_MS = 5 * 60_000
/** How long a counter outlives the last use of its channel, in milliseconds. */
export const COUNTER_MS = 24 * 60 * 60_000
