export type { VitePlugin } from '../vite/vite-types.ts'
export type { WirefoldOptions } from '../vite/wirefold.ts'
export { wirefold } from '../vite/wirefold.ts'
