/** A client of WebDriver, the protocol before BiDi: commands over HTTP, to one window at a time. */
export class WebDriver {
  readonly #server: string
  #session = ''
  /** A window that stays open: commands need one that is. */
  #home = ''
  #last: Promise<unknown> = Promise.resolve()

  /** @param server the address of the driver */
  constructor(server: string) {
    this.#server = server
  }

  /** Begins a session. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      const wish = { capabilities: { alwaysMatch: {} } }
      const { sessionId } = await this.#call<{ sessionId: string }>('POST', '/session', wish)
      this.#session = `/session/${sessionId}`
      this.#home = await this.#call<string>('GET', `${this.#session}/window`)
    })
  }

  /** Waits until a crash has ended the session, and begins another, in which windows have other handles. */
  async beginAfterCrash(): Promise<void> {
    const crashed = this.#session
    for (let tries = 0; tries < 600 && this.#session === crashed; tries++) {
      // With a command the driver notices. Until then there can be no other session.
      await this.#inTurn(() => this.#call('GET', `${crashed}/window/handles`)).catch(() => {})
      await this.begin().catch(() => new Promise((done) => setTimeout(done, 50)))
    }
    if (this.#session === crashed) throw new Error('The session goes on after the crash of a page.')
  }

  /** Opens a window, and returns its handle. */
  open(): Promise<string> {
    return this.#inTurn(async () => {
      await this.#call('POST', `${this.#session}/window`, { handle: this.#home })
      const path = `${this.#session}/window/new`
      const { handle } = await this.#call<{ handle: string }>('POST', path, { type: 'window' })
      return handle
    })
  }

  /** Sends a command to a window, and returns its result; the protocol says of which type that is. */
  send<R>(window: string, method: string, path: string, body?: object): Promise<R> {
    // Two commands, between which no other may change the window.
    return this.#inTurn(async () => {
      await this.#call('POST', `${this.#session}/window`, { handle: window })
      return this.#call<R>(method, `${this.#session}/${path}`, body)
    })
  }

  /** The session, of which all handles are. */
  get session(): string {
    return this.#session
  }

  #inTurn<R>(run: () => Promise<R>): Promise<R> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return result
  }

  async #call<R>(method: string, path: string, body: object = {}): Promise<R> {
    const options = method === 'POST' ? { method, body: JSON.stringify(body) } : { method }
    const response = await fetch(this.#server + path, options)
    const { value } = await response.json()
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`)
    return value
  }
}
