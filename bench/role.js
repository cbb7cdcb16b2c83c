/*
 * The process of one role: `node role.js <row> <role> <params as JSON>`, started by harness.js. The
 * role is a function that returns an object of methods, and `info` for the parent process.
 */
const [row, role, params] = process.argv.slice(2)
const { roles } = await import(`./rows/${row}.js`)

async function answer(id, run) {
  try {
    process.send({ id, result: await run() })
  } catch (error) {
    process.send({ id, error: error.stack })
  }
}

let methods = {}
process.on('disconnect', () => process.exit())
process.on('message', ({ id, method, args, notice }) => {
  if (notice !== undefined) methods.notice(notice)
  else answer(id, () => methods[method](...args))
})
await answer(0, async () => {
  methods = await roles[role](JSON.parse(params), (notice) => process.send({ notice }))
  return methods.info ?? {}
})
