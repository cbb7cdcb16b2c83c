import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const { exports: doors, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const names: string[] = Object.keys(doors)
  .filter((door) => door !== './package.json')
  .map((door) => door.replace(/^\./, 'wirefold'))

/** What a door needs beside the package itself. */
const peers: Record<string, string> = {
  'wirefold/react': 'react',
  'wirefold/server': 'ws',
}

describe('the packed package', () => {
  let folder = ''
  const run = (file: string, args: string[] = []) =>
    execFileSync(process.execPath, [...args, file], { cwd: folder, encoding: 'utf8' })

  beforeAll(() => {
    if (!existsSync('dist/index.js')) throw new Error('There is no dist; run: npm run build')
    folder = mkdtempSync(join(tmpdir(), 'wirefold-package-'))
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const modules = join(folder, 'node_modules')
    mkdirSync(join(modules, 'wirefold'), { recursive: true })
    execFileSync('tar', [
      ...['-xzf', join(folder, packed.trim()), '-C', join(modules, 'wirefold')],
      '--strip-components=1',
    ])
    for (const name of ['nanoevents', 'reconnecting-websocket']) {
      cpSync(`node_modules/${name}`, join(modules, name), { recursive: true })
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('opens every door with no peer installed, or names the missing one', () => {
    for (const [index, name] of names.entries()) {
      for (const [kind, code] of [
        [
          'mjs',
          `await import('${name}').then(() => console.log('ok'), (e) => console.log(e.message))`,
        ],
        [
          'cjs',
          `try { require('${name}'); console.log('ok') } catch (e) { console.log(e.message) }`,
        ],
      ]) {
        const file = join(folder, `door-${index}.${kind}`)
        writeFileSync(file, code ?? '')
        const peer = peers[name]
        const expected = peer
          ? expect.stringMatching(`Cannot find (package|module) '${peer}'`)
          : 'ok\n'
        expect(run(file), `${name} by ${kind}`).toEqual(expected)
      }
    }
  })

  it('starts nothing by being imported', () => {
    const file = join(folder, 'quiet.mjs')
    writeFileSync(
      file,
      `await import('wirefold'); await import('wirefold/testing')
       console.log(process.getActiveResourcesInfo().filter((r) => /Timeout|Immediate|TCP/.test(r)).join())`,
    )
    expect(run(file)).toBe('\n')
  })

  it('keeps "use client" where bundlers look for it', () => {
    for (const file of ['react.js', 'react.cjs']) {
      const text = readFileSync(join(folder, 'node_modules/wirefold/dist', file), 'utf8')
      expect(text).toMatch(/^["']use client["'];?\n/)
    }
  })

  it('compiles for an application with no peer installed', () => {
    writeFileSync(
      join(folder, 'app.ts'),
      `import { ChannelSubscriber, RealtimeClient } from 'wirefold'
       import { duui, type DUUIContext } from 'wirefold/dialects/duui'
       import { ManualClock } from 'wirefold/testing'
       const client: RealtimeClient = new RealtimeClient('ws://x', { dialect: duui, clock: new ManualClock() })
       export const channels = new ChannelSubscriber(client)
       export type Kind = DUUIContext['kind']`,
    )
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            ...{ module, moduleResolution, target: 'es2022', strict: true, noEmit: true },
            ...{ lib: ['ES2022', 'DOM', 'ESNext.Disposable'], types: [], skipLibCheck: false },
          },
          files: ['app.ts'],
        }),
      )
      execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder], {
        encoding: 'utf8',
      })
    }
  }, 120_000)

  it('declares every peer as optional', () => {
    const { peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(Object.keys(peerDependenciesMeta).sort()).toEqual(Object.keys(peerDependencies).sort())
  })
})
