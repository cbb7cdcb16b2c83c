import { useEffect, useState } from 'react'
import { systemClock } from 'wirefold'

/** The time by `systemClock.now()`, as old as `everyMs` at most. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => systemClock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(systemClock.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
