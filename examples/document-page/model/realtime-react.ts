import { createRealtimeHooks } from 'wirefold/react'

/** The hooks of this page. */
export const { RealtimeProvider, useList, usePresence } = createRealtimeHooks()
