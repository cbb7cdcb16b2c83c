/*
 * Serves the pages that build-pages.js has built, until SIGINT or SIGTERM.
 *
 * PORT                  the port to begin with; the next free one is taken     (4173)
 * REPLAY_SECONDS        how long the recorded process takes, 4.5 s in truth    (45)
 * REPLAY_PAUSE_SECONDS  how long its end stays before the next one begins      (8)
 */
const { startDemo } = await import(
  new URL('./process-page/dist/server/main.js', import.meta.url).href
)
const { PORT = 4173, REPLAY_SECONDS = 45, REPLAY_PAUSE_SECONDS = 8 } = process.env
const demo = await startDemo({
  port: Number(PORT),
  runMs: Number(REPLAY_SECONDS) * 1_000,
  pauseMs: Number(REPLAY_PAUSE_SECONDS) * 1_000,
  pages: {
    '/tasks': new URL('./task-board/dist/page/', import.meta.url),
    '': new URL('./process-page/dist/page/', import.meta.url),
  },
  recording: new URL('./recordings/duui-run.jsonl', import.meta.url),
})
console.log(`A live process:  ${demo.url}`)
console.log(`A task board:    ${demo.url}tasks/`)
console.log('Ctrl-C ends both.')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.stop())
