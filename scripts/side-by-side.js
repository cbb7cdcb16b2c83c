/*
 * Runs scripts of package.json at the same time: `node scripts/side-by-side.js typecheck build`.
 * The last one prints as it runs, the others once they end. Exits with 1 if one of them fails.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a script, and returns whether it succeeded. */
async function succeeds(name, printsAtOnce) {
  const output = printsAtOnce ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [process.env.npm_execpath, 'run', '--silent', name], {
    stdio: ['ignore', output, output],
  })
  const printed = []
  child.stdout?.on('data', (chunk) => printed.push(chunk))
  child.stderr?.on('data', (chunk) => printed.push(chunk))
  const [code] = await once(child, 'close')
  process.stdout.write(Buffer.concat(printed))
  if (code !== 0) process.stderr.write(`npm run ${name} failed.\n`)
  return code === 0
}

const names = process.argv.slice(2)
const outcomes = await Promise.all(names.map((name) => succeeds(name, name === names.at(-1))))
if (outcomes.includes(false)) process.exitCode = 1
