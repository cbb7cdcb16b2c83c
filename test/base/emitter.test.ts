import { describe, expect, it } from 'vitest'
import { createEmitter } from '../../src/base/emitter.ts'

type Events = Record<'happened' | 'constructor', (what: string) => void>

describe('an emitter', () => {
  it('calls the other listeners when one throws, and reports what it threw', () => {
    const reported: unknown[] = []
    const received: string[] = []
    const emitter = createEmitter<Events>((error, event) => reported.push([error, event]))
    emitter.on('happened', () => {
      throw 'oops'
    })
    emitter.on('happened', (what) => received.push(what))
    emitter.emit('happened', 'it')
    expect(received).toEqual(['it'])
    expect(reported).toEqual([['oops', 'happened']])
  })

  it('does not call a listener that another one removed during the same emit', () => {
    const received: string[] = []
    const emitter = createEmitter<Events>(() => {})
    emitter.on('happened', () => off())
    const off = emitter.on('happened', (what) => received.push(what))
    emitter.emit('happened', 'it')
    expect(received).toEqual([])
  })

  it('counts one function added twice as two listeners', () => {
    const received: string[] = []
    const listener = (what: string) => received.push(what)
    const emitter = createEmitter<Events>(() => {})
    const off = emitter.on('happened', listener)
    emitter.on('happened', listener)
    off()
    off()
    emitter.emit('happened', 'it')
    expect(received).toEqual(['it'])
  })

  it('accepts the names of Object.prototype properties', () => {
    const received: string[] = []
    const emitter = createEmitter<Events>(() => {})
    expect(emitter.listens('constructor')).toBe(false)
    emitter.emit('constructor', 'before')
    emitter.on('constructor', (what) => received.push(what))
    emitter.emit('constructor', 'it')
    expect(received).toEqual(['it'])
    expect(emitter.listens('constructor')).toBe(true)
  })
})
