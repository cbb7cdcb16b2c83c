import { shortStatus, toneOf } from './describe.ts'

/** A status, in its colour. */
export function Status({ value }: { value: string }) {
  return (
    <span className="status" data-tone={toneOf(value)}>
      {shortStatus(value)}
    </span>
  )
}
