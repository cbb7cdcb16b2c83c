/**
 * A plugin that serves the realtime server from Vite's own server in development.
 *
 * @module wirefold/vite
 */

export type { VitePlugin } from '../vite/vite-types.ts'
export type { WirefoldOptions } from '../vite/wirefold.ts'
export { wirefold } from '../vite/wirefold.ts'
