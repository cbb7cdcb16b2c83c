/** A client of the classic WebDriver protocol: commands over HTTP, to one window at a time. */
export class WebDriver {
  readonly #server: string
  #session = ''
  /** A window that stays open, because commands need an open window. */
  #home = ''
  #last: Promise<unknown> = Promise.resolve()

  /** @param server the address of the driver */
  constructor(server: string) {
    this.#server = server
  }

  /** Begins a session. */
  begin(): Promise<void> {
    return this.#enqueue(async () => {
      const request = { capabilities: { alwaysMatch: {} } }
      const { sessionId } = await this.#call<{ sessionId: string }>('POST', '/session', request)
      this.#session = `/session/${sessionId}`
      this.#home = await this.#call<string>('GET', `${this.#session}/window`)
    })
  }

  /**
   * Waits until a crash has ended the session, and begins another; its windows have other handles.
   */
  async beginAfterCrash(): Promise<void> {
    const crashed = this.#session
    for (let tries = 0; tries < 600 && this.#session === crashed; tries++) {
      // The driver detects the crash on a command; until then it accepts no other session.
      await this.#enqueue(() => this.#call('GET', `${crashed}/window/handles`)).catch(() => {})
      await this.begin().catch(() => new Promise((done) => setTimeout(done, 50)))
    }
    if (this.#session === crashed)
      throw new Error('The session did not end after the crash of a page.')
  }

  /** Opens a window, and returns its handle. */
  open(): Promise<string> {
    return this.#enqueue(async () => {
      await this.#call('POST', `${this.#session}/window`, { handle: this.#home })
      const path = `${this.#session}/window/new`
      const { handle } = await this.#call<{ handle: string }>('POST', path, { type: 'window' })
      return handle
    })
  }

  /**
   * Sends a command to a window, and returns its result; `R` is the result type in the protocol.
   */
  send<R>(window: string, method: string, path: string, body?: object): Promise<R> {
    // Enqueued together, so that no other command changes the window between them.
    return this.#enqueue(async () => {
      await this.#call('POST', `${this.#session}/window`, { handle: window })
      return this.#call<R>(method, `${this.#session}/${path}`, body)
    })
  }

  /** The current session, in which all handles are valid. */
  get session(): string {
    return this.#session
  }

  #enqueue<R>(run: () => Promise<R>): Promise<R> {
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
