/** The last resort of an error that has no other destination. */
export function printError(error: unknown): void {
  console.error(error)
}

/** Takes errors to where they belong; what that throws itself is printed, and hurts nobody who reports. */
export function safely(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      report(error)
    } catch (another) {
      printError(another)
    }
  }
}
