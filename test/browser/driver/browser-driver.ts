/** How the stories of this folder start one kind of browser. */
export interface BrowserDriver {
  readonly name: string
  /** How to get the browser; printed where it does not start. */
  readonly install: string
  /** Whether a page that is left with an open WebSocket is kept, and shown again as it was. */
  readonly keepsConnectedPages: boolean
  /** Whether there is a switch that leaves hardly any room to store. */
  readonly canLimitStorage: boolean
  /** Whether a page is given the close code 1012; it is given 1006 otherwise. */
  readonly knowsServiceRestart: boolean
  /** Starts it with an empty profile; rejects where it does not start. */
  launch(): Promise<Browser>
}

/** A browser that runs. */
export interface Browser {
  /** Opens a window, and waits until the page in it has loaded. */
  open(url: string, options?: WindowOptions): Promise<Page>
  /**
   * Starts the browser once more, as a user would: uncontrolled, and with a profile that stays.
   *
   * @param profile the folder of the profile
   */
  show(url: string, profile: string): BrowserProcess
  /** Ends it with all its pages. */
  close(): Promise<void>
}

/** What a window is to look like. */
export interface WindowOptions {
  readonly width?: number
  readonly height?: number
  /** Asks the page for its dark colours, where the browser can. */
  readonly dark?: boolean
}

/** A browser in a process of its own. */
export interface BrowserProcess {
  /** Ends it with SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
}

/** A key that does something; all others are typed as text. */
export type Key = 'Enter' | 'Space'

/** A page in a window of its own. */
export interface Page {
  /** Leaves for another page, and waits until that has loaded. */
  goto(url: string): Promise<void>
  /** Goes back to the page before, and waits for nothing. */
  back(): Promise<void>
  /**
   * Calls a function in the page and waits for what it returns.
   *
   * @param run self-contained: it sees nothing of the test but its arguments, which JSON carries
   */
  evaluate<A extends readonly unknown[], R>(
    run: (...args: A) => R | Promise<R>,
    ...args: A
  ): Promise<R>
  /** Brings its window to the front, so that the focus may be in it. */
  activate(): Promise<void>
  /** Types text where the focus is. */
  type(text: string): Promise<void>
  /** Presses a key where the focus is. */
  press(key: Key): Promise<void>
  /** Saves a picture of it. */
  screenshot(path: string): Promise<void>
  /** The errors and warnings in its console, and those that were caught by nothing. */
  complaints(): Promise<readonly string[]>
  /** Has the browser believe that there is no network, or that it is back. */
  setOffline(offline: boolean): Promise<void>
  /** Leaves hardly any room to store; missing where {@link BrowserDriver.canLimitStorage} is false. */
  readonly limitStorage?: () => Promise<void>
  /** Ends its process with SIGKILL: no code of the page runs any more. */
  crash(): Promise<void>
  /** Closes it; does nothing where it is closed or has crashed. */
  close(): Promise<void>
}
