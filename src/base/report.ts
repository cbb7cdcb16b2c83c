/** Prints an error that has no other destination. */
export function printError(error: unknown): void {
  console.error(error)
}

/** Prints a warning for developers. */
export function printWarning(message: string): void {
  console.warn(message)
}

/** Wraps an error handler: an error that it throws itself is printed, not thrown. */
export function safely(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      report(error)
    } catch (another) {
      printError(another)
    }
  }
}
