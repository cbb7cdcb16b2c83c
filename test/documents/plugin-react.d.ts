/** The part of the package that the documents use; it is not installed. */
declare module '@vitejs/plugin-react' {
  import type { PluginOption } from 'vite'

  const react: () => PluginOption

  // biome-ignore lint/style/noDefaultExport: the package has this export alone
  export { react as default }
}
