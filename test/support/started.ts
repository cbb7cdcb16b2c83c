/** Starts a state that is kept in step with a channel, for as long as the test runs. */
export function started<Synced extends { start(): () => void }>(synced: Synced): Synced {
  synced.start()
  return synced
}
