import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { wirefold } from 'wirefold/vite'

/** The page, its server at /api/ws/v2, and the agents at /api/agents. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [
    wirefold({ path: '/realtime', setup: 'realtime.ts' }),
    {
      name: 'agents',
      configureServer(vite) {
        vite.middlewares.use('/api/agents', async (_, response) => {
          const { agents } = await vite.ssrLoadModule('/realtime.ts')
          response.setHeader('Content-Type', 'application/json')
          response.end(JSON.stringify([...agents.values()]))
        })
      },
    },
  ],
})
