import { describe, expect, it } from 'vitest'
import type { EnvironmentEvent } from 'wirefold'
import { platformEnvironment } from 'wirefold'

/** The globals of a page that an environment reads. */
function page() {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  return { window: new EventTarget(), document, navigator: { onLine: true } }
}

describe('the environment of a page', () => {
  it('reports network, visibility, and the page cache', () => {
    const globals = page()
    const received: EnvironmentEvent[] = []
    const stop = platformEnvironment(globals).follow((event) => received.push(event))
    const { window, document } = globals
    window.dispatchEvent(new Event('offline'))
    window.dispatchEvent(new Event('online'))
    document.visibilityState = 'hidden'
    document.dispatchEvent(new Event('visibilitychange'))
    document.visibilityState = 'visible'
    document.dispatchEvent(new Event('visibilitychange'))
    document.dispatchEvent(new Event('freeze'))
    document.dispatchEvent(new Event('resume'))
    window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    expect(received).toEqual(['offline', 'online', 'wake', 'wake', 'hide', 'show'])
    stop()
    window.dispatchEvent(new Event('online'))
    expect(received).toHaveLength(6)
  })

  it('is online unless the platform reports otherwise', () => {
    const globals = page()
    const environment = platformEnvironment(globals)
    expect(environment.online).toBe(true)
    globals.navigator.onLine = false
    expect(environment.online).toBe(false)
    expect(platformEnvironment({}).online).toBe(true)
  })

  it('reports only the network if there is no page, as in a worker', () => {
    const scope = Object.assign(new EventTarget(), { navigator: { onLine: false } })
    const received: EnvironmentEvent[] = []
    const environment = platformEnvironment(scope)
    const stop = environment.follow((event) => received.push(event))
    for (const name of ['offline', 'online', 'pagehide']) scope.dispatchEvent(new Event(name))
    stop()
    scope.dispatchEvent(new Event('online'))
    expect(received).toEqual(['offline', 'online'])
    expect(environment.online).toBe(false)
  })

  it('emits nothing if there is no page and no worker', () => {
    const stop = platformEnvironment({}).follow(() => {})
    stop()
    expect(platformEnvironment({}).debug).toBe('')
  })

  it('reads the debug setting of the page or the process, if permitted', () => {
    const storage = (value: string | null) => ({
      document: {},
      localStorage: { getItem: () => value },
    })
    expect(platformEnvironment(storage('wirefold:*')).debug).toBe('wirefold:*')
    expect(platformEnvironment({ process: { env: { DEBUG: 'a' } } }).debug).toBe('a')
    const forbidden = {
      document: {},
      get localStorage(): never {
        throw new Error('SecurityError')
      },
    }
    expect(platformEnvironment(forbidden).debug).toBe('')
  })

  it('does not read a storage if there is no page', () => {
    let looks = 0
    const server = {
      get localStorage() {
        looks += 1
        return { getItem: () => 'wirefold:*' }
      },
    }
    expect(platformEnvironment(server).debug).toBe('')
    expect(looks).toBe(0)
  })
})
