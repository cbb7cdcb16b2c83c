import type { HttpServer } from '../server/http/claim-upgrades.ts'

/*
 * The parts of Vite that the plugin uses, as Vite 6, 7 and 8 have them. With types of its own the
 * plugin fits each of these versions.
 */

/** A plugin for the option `plugins` of Vite. */
export interface VitePlugin {
  /** Name of the plugin in messages of Vite. */
  readonly name: string
}

/** The plugin as Vite calls it. */
export interface VitePluginHooks extends VitePlugin {
  readonly apply: 'serve'
  configureServer(server: DevServer): void
  configurePreviewServer(server: PreviewServer): Promise<void>
  buildStart(): Promise<void>
  hotUpdate(this: EnvironmentContext, update: HotUpdate): Promise<void>
  closeBundle(): Promise<void>
}

/** The server of `vite dev`. */
export interface DevServer extends ModuleLoader {
  readonly config: ViteConfig
  /** `null` in middleware mode. */
  readonly httpServer: HttpServer | null
}

/** The server of `vite preview`. */
export interface PreviewServer {
  readonly config: ViteConfig
  readonly httpServer: HttpServer & { once(event: 'close', listener: () => void): unknown }
}

/** Compiles and evaluates modules. */
export interface ModuleLoader {
  /** Returns the exports of a module, which is evaluated again only if it has changed. */
  ssrLoadModule(url: string): Promise<Readonly<Record<string, unknown>>>
}

/** The resolved configuration. */
export interface ViteConfig {
  readonly root: string
  readonly base: string
  readonly mode: string
  readonly server: { readonly hmr?: boolean | { readonly path?: string | undefined } | undefined }
  readonly plugins: readonly VitePlugin[]
  readonly inlineConfig: { readonly server?: object | undefined }
  readonly logger: { error(message: string): void; warn(message: string): void }
}

/** The context of hooks that run for each environment. */
export interface EnvironmentContext {
  readonly environment: { readonly name: string }
}

/** A change of a file, as one environment sees it. */
export interface HotUpdate {
  /** The modules of the file. */
  readonly modules: Iterable<ModuleNode>
}

/** A module in the graph of an environment. */
export interface ModuleNode {
  /** Absolute path, with slashes. */
  readonly file: string | null
  readonly importers: Iterable<ModuleNode>
}
