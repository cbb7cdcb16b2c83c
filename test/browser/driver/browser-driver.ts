/** Starts one kind of browser for the stories of this folder. */
export interface BrowserDriver {
  readonly name: string
  /** How to install the browser; printed if it does not start. */
  readonly install: string
  /** Whether the back-forward cache keeps a page with an open WebSocket. */
  readonly keepsConnectedPages: boolean
  /** Whether the storage quota can be limited. */
  readonly canLimitStorage: boolean
  /** Whether a page receives the close code 1012; otherwise it receives 1006. */
  readonly knowsServiceRestart: boolean
  /** Starts the browser with an empty profile; rejects if it does not start. */
  launch(): Promise<Browser>
}

/** A running browser. */
export interface Browser {
  /** Opens a window, and waits until its page has loaded. */
  open(url: string, options?: WindowOptions): Promise<Page>
  /**
   * Starts another instance, as a user would: without a driver, and with a profile that is kept.
   *
   * @param profile the folder of the profile
   */
  show(url: string, profile: string): BrowserProcess
  /** Closes the browser and all its pages. */
  close(): Promise<void>
}

/** Size and colours of a window. */
export interface WindowOptions {
  readonly width?: number
  readonly height?: number
  /** Emulates the dark colour scheme, if the browser can. */
  readonly dark?: boolean
  /** Emulates colours that the user has chosen, as of high contrast; in Chromium only. */
  readonly forcedColors?: boolean
}

/** A browser in its own process. */
export interface BrowserProcess {
  /** Ends the process with SIGKILL, and waits for its exit. */
  kill(): Promise<void>
}

/** A key with an action; other keys are typed as text. */
export type Key = 'Enter' | 'Space' | 'Tab'

/** A page in its own window. */
export interface Page {
  /** Navigates to another page, and waits until it has loaded. */
  goto(url: string): Promise<void>
  /** Navigates back, without waiting. */
  back(): Promise<void>
  /**
   * Calls a function in the page, and waits for its result.
   *
   * @param run self-contained: it can use only its arguments, which are sent as JSON
   */
  evaluate<A extends readonly unknown[], R>(
    run: (...args: A) => R | Promise<R>,
    ...args: A
  ): Promise<R>
  /** Brings the window to the front, so that it can have the focus. */
  activate(): Promise<void>
  /** Types text into the focused element. */
  type(text: string): Promise<void>
  /** Presses a key on the focused element. */
  press(key: Key): Promise<void>
  /** Saves a screenshot. */
  screenshot(path: string): Promise<void>
  /** Returns the errors and warnings in the console, and the uncaught errors. */
  consoleErrors(): Promise<readonly string[]>
  /** Makes the browser report that it is offline, or online again. */
  setOffline(offline: boolean): Promise<void>
  /** Limits the storage quota; undefined unless {@link BrowserDriver.canLimitStorage}. */
  readonly limitStorage?: () => Promise<void>
  /** Ends the page's process with SIGKILL: no code of the page runs any more. */
  crash(): Promise<void>
  /** Closes the page; does nothing if it is closed or has crashed. */
  close(): Promise<void>
}
