import { describe, expect, it } from 'vitest'
import { pathPattern } from '../../../src/server/http/path-pattern.ts'

describe('a path pattern', () => {
  it.each([
    ['/ws', '/ws', {}],
    ['/', '/', {}],
    ['/a/:b/c', '/a/x/c', { b: 'x' }],
    ['/:a/:b', '/%2F/%C3%BC', { a: '/', b: 'ü' }],
    ['/:__proto__', '/x', { ['__proto__']: 'x' }],
  ])('%s matches %s', (pattern, path, params) => {
    const found = pathPattern(pattern)(path)
    expect([...(found ?? [])]).toEqual(Object.entries(params))
    expect(found).toBeDefined()
  })

  it.each([
    ['/ws', '/WS'],
    ['/ws', '/ws/'],
    ['/ws', ''],
    ['/a/:b', '/a'],
    ['/a/:b', '/a/'],
    ['/a/:b', '/a/b/c'],
    ['/a/:b', '/a/%'],
  ])('%s does not match %s', (pattern, path) => {
    expect(pathPattern(pattern)(path)).toBeUndefined()
  })
})
