import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => [file, readFileSync(`src/${file}`, 'utf8')] as const)

describe('S20 the package', () => {
  it('has no runtime dependency, and only optional peer dependencies', () => {
    expect(manifest.dependencies).toBeUndefined()
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(
      Object.keys(manifest.peerDependencies).sort(),
    )
    expect(manifest.peerDependencies.ws).toBe('>=8.23.0')
  })

  it('runs no script at installation', () => {
    const scripts = Object.keys(manifest.scripts)
    expect(
      scripts.filter((name) => /^(pre|post)?(install|prepare|prepublish)$/.test(name)),
    ).toEqual([])
  })

  it('bundles two packages in exact versions, and includes their licences', () => {
    const licences = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8')
    for (const name of ['nanoevents', 'reconnecting-websocket']) {
      expect(manifest.devDependencies[name]).toMatch(/^\d+\.\d+\.\d+$/)
      expect(licences).toContain(readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim())
    }
  })

  it('is published with provenance, and built from a lockfile with hashes', () => {
    expect(manifest.publishConfig).toMatchObject({ provenance: true })
    type Locked = { integrity?: string; dev?: boolean; optional?: boolean }
    const packages = Object.entries<Locked>(lock.packages)
    // Development tools have optional binaries for other platforms, which are never shipped.
    const unsure = packages.filter(
      ([path, { integrity, dev, optional }]) => path && !integrity && !(dev && optional),
    )
    expect(unsure.map(([path]) => path)).toEqual([])
  })
})

describe('S21 unguessable ids', () => {
  it('come from crypto.getRandomValues, in every part of the package', () => {
    const code = sources.map(
      ([file, text]) => [file, text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')] as const,
    )
    const using = (word: RegExp) => code.filter(([, text]) => word.test(text)).map(([file]) => file)
    expect(using(/randomUUID/)).toEqual([])
    expect(using(/getRandomValues/)).toEqual(['base/ids.ts'])
    // Backoff uses Math.random: predicting a wait gains an attacker nothing.
    expect(using(/Math\.random/)).toEqual([
      'client/options.ts',
      'server/redis/connection/cancellable-waits.ts',
    ])
  })
})
