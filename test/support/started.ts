/** Starts a synced state, which runs until the end of the test. */
export function started<Synced extends { start(): () => void }>(synced: Synced): Synced {
  synced.start()
  return synced
}
