/**
 * The commands that a program runs for the test that started it, by name: each takes at most one
 * argument; argument and result travel as JSON.
 */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>

/** One command, as sent to the program. */
export interface Call {
  readonly id: number
  readonly name: string
  readonly argument: never
}

/** The result of a command, as sent back. */
export interface Answer {
  readonly id: number
  readonly result?: unknown
  /** The stack of the error that the command failed with. */
  readonly error?: string
}

/** Runs the commands that the parent process sends, and exits with the parent. */
export function carryOut(commands: Commands): void {
  process.on('message', async (message) => {
    const { id, name, argument }: Call = JSON.parse(String(message))
    let answer: Answer
    try {
      answer = { id, result: await commands[name]?.(argument) }
    } catch (error) {
      answer = { id, error: error instanceof Error ? String(error.stack) : String(error) }
    }
    process.send?.(JSON.stringify(answer))
  })
  process.on('disconnect', () => process.exit())
}
