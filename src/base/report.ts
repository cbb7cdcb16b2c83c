import { isPromise } from './deferred.ts'

/** Prints an error that has no other destination. */
export function printError(error: unknown): void {
  console.error(error)
}

/** Prints a warning for developers. */
export function printWarning(message: string): void {
  console.warn(message)
}

/** Reports what a promise rejects with, if a function of the application returned one. */
export function reportRejection(returned: unknown, report: (error: unknown) => void): void {
  if (isPromise(returned)) Promise.resolve(returned).catch(report)
}

/**
 * Wraps an error handler: an error that it throws itself, or rejects with, is printed, not thrown.
 */
export function safely(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      reportRejection(report(error), printError)
    } catch (another) {
      printError(another)
    }
  }
}
