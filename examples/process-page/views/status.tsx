import { shortStatus, toneOf } from './describe.ts'

/** Shows a status in its colour. */
export function Status({ value }: { value: string }) {
  return (
    <span className="status" data-tone={toneOf(value)}>
      {shortStatus(value)}
    </span>
  )
}
