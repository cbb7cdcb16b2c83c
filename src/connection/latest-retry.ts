/** Time for an attempt to connect and for the reply to a request that follows it, in milliseconds. */
const LEAD_MS = 1_000
/** Least time before that for an attempt to be made for the request, in milliseconds. */
const LEAST_ROOM_MS = 1_500

/**
 * Returns the latest time at which a waiting client tries again, so that a request is answered before
 * its deadline; `undefined` if that is too near.
 *
 * The time is random within the last quarter of what is left, so that clients with equal deadlines do
 * not come as a wave; not earlier, so that most clients try at the time of their backoff; and not at
 * all in the last moments, which would be one attempt after the other.
 *
 * @param random a number in [0, 1)
 */
export function latestRetry(now: number, deadline: number, random: number): number | undefined {
  const roomMs = deadline - LEAD_MS - now
  return roomMs < LEAST_ROOM_MS ? undefined : now + roomMs * (0.75 + random / 4)
}
