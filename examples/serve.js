/*
 * Serves the pages that build-pages.js has built, until SIGINT or SIGTERM.
 *
 * PORT                  the first port to try; the next free one is used        (4180)
 * REPLAY_SECONDS        duration of a run; 4.5 s when it was recorded           (45)
 * REPLAY_PAUSE_SECONDS  pause after a run                                       (8)
 */
const { startDemo } = await import(new URL('./server/dist/main.js', import.meta.url).href)

/** Returns the number in an environment variable; exits if the value is invalid. */
function numberOf(name, fallback, most) {
  const value = Number(process.env[name] || fallback)
  if (value >= 0 && value <= most) return value
  console.error(`${name} is "${process.env[name]}". Set it to a number from 0 to ${most}.`)
  process.exit(1)
}

const demo = await startDemo({
  port: numberOf('PORT', 4180, 65_535),
  runMs: numberOf('REPLAY_SECONDS', 45, 86_400) * 1_000,
  pauseMs: numberOf('REPLAY_PAUSE_SECONDS', 8, 86_400) * 1_000,
  pages: {
    '/tasks': new URL('./task-board/dist/page/', import.meta.url),
    '/process': new URL('./process-page/dist/page/', import.meta.url),
    '': new URL('./document-page/dist/page/', import.meta.url),
  },
  recording: new URL('./recordings/duui-run.jsonl', import.meta.url),
})
console.log(`A document for two people:  ${demo.url}`)
console.log(`A live process:             ${demo.url}process/`)
console.log(`A task board:               ${demo.url}tasks/`)
console.log('Ctrl-C ends them.')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.stop())
