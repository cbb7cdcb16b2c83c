import { describe, expect, it } from 'vitest'
import { createEmitter } from '../../src/base/emitter.ts'

type Events = Record<'happened' | 'constructor', (what: string) => void>

describe('an emitter', () => {
  it('calls the other listeners when one throws, and reports what it threw', () => {
    const reported: unknown[] = []
    const heard: string[] = []
    const emitter = createEmitter<Events>((error, event) => reported.push([error, event]))
    emitter.on('happened', () => {
      throw 'oops'
    })
    emitter.on('happened', (what) => heard.push(what))
    emitter.emit('happened', 'it')
    expect(heard).toEqual(['it'])
    expect(reported).toEqual([['oops', 'happened']])
  })

  it('does not call a listener that another one removed during the same emit', () => {
    const heard: string[] = []
    const emitter = createEmitter<Events>(() => {})
    emitter.on('happened', () => off())
    const off = emitter.on('happened', (what) => heard.push(what))
    emitter.emit('happened', 'it')
    expect(heard).toEqual([])
  })

  it('counts one function added twice as two listeners', () => {
    const heard: string[] = []
    const listener = (what: string) => heard.push(what)
    const emitter = createEmitter<Events>(() => {})
    const off = emitter.on('happened', listener)
    emitter.on('happened', listener)
    off()
    off()
    emitter.emit('happened', 'it')
    expect(heard).toEqual(['it'])
  })

  it('takes names that every object has', () => {
    const heard: string[] = []
    const emitter = createEmitter<Events>(() => {})
    expect(emitter.listens('constructor')).toBe(false)
    emitter.emit('constructor', 'nobody')
    emitter.on('constructor', (what) => heard.push(what))
    emitter.emit('constructor', 'it')
    expect(heard).toEqual(['it'])
    expect(emitter.listens('constructor')).toBe(true)
  })
})
