import type { Readable, SyncStatus } from 'wirefold'
import { useReadable } from 'wirefold/react'

/** Says that what a channel brought may be out of date, and since when; empty where it is not. */
export function Stale({ status }: { status: Readable<SyncStatus> }) {
  const { name, ...rest } = useReadable(status)
  return (
    <p className="warning" role="status" data-testid="stale">
      {'asOf' in rest && `Stale: as of ${new Date(rest.asOf).toLocaleTimeString()}`}
    </p>
  )
}
