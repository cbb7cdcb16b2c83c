/** The parts of frameworks that the documents use; `test/peers/frameworks` has the packages. */
declare module 'express' {
  import type { IncomingMessage, RequestListener } from 'node:http'

  interface Response {
    status(code: number): { end(): void }
  }
  interface Application extends RequestListener {
    get(path: string, handler: (request: IncomingMessage, response: Response) => void): Application
    use(handler: RequestListener): Application
  }
  const express: (() => Application) & { static(folder: string): RequestListener }

  // biome-ignore lint/style/noDefaultExport: the package has this export
  export { express as default }
}

declare module 'fastify' {
  import type { Server } from 'node:http'
  export function fastify(): {
    readonly server: Server
    get(path: string, handler: () => unknown): unknown
    listen(options: { readonly port: number }): Promise<string>
  }
}

declare module 'next' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  const next: (options: { readonly dev: boolean }) => {
    prepare(): Promise<void>
    getRequestHandler(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  }

  // biome-ignore lint/style/noDefaultExport: the package has this export
  export { next as default }
}
