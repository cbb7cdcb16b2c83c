import { badOption, type WirefoldError } from '../../../base/errors.ts'

/** Returns the error for a client of another kind than one connection to one Redis. */
export function refuseClient(kind: string, instead: string): WirefoldError {
  const message =
    `The broker cannot use ${kind}, because one script touches keys of several slots and its ` +
    `connections are opened from the client's options. Use ${instead}.`
  return badOption('client', message)
}
