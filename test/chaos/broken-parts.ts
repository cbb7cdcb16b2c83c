import type { Clock, EventFrame } from 'wirefold'
import { native } from 'wirefold'
import type { Dialect, DialectFactory, Frame } from 'wirefold/dialects'
import type { Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'

/** The native dialect with something wrong in it; what is wrong is made anew for every socket. */
function broken(part: () => Partial<Dialect>): DialectFactory {
  return () => ({ ...native(), ...part() })
}

/** A dialect that reads frames in its own way. */
function misreading(make: () => (frame: Frame) => readonly Frame[]): DialectFactory {
  return broken(() => {
    const misread = make()
    return {
      decode(wire) {
        const frames = native().decode(wire)
        if (frames === undefined) return undefined
        return ('kind' in frames ? [frames] : frames).flatMap(misread)
      },
    }
  })
}

/** Events come as `change` says and with no place in a history, so that nothing above finds it out. */
function tampering(make: () => (event: EventFrame) => readonly EventFrame[]): DialectFactory {
  return misreading(() => {
    const change = make()
    return (frame) => {
      if (frame.kind === 'pong') return [{ ...frame, offsets: undefined }]
      return frame.kind === 'event' ? change({ ...frame, offset: undefined }) : [frame]
    }
  })
}

/** Subscribes as if for the first time, every time. */
export const forgetsPositions = broken(() => ({
  encode: (intent) =>
    native().encode(intent.kind === 'subscribe' ? { ...intent, since: new Map() } : intent),
}))

/** Loses every 50th event. */
export const losesEvents = tampering(() => {
  let count = 0
  return (event) => (++count % 50 === 0 ? [] : [event])
})

/** Gives every 50th event twice. */
export const repeatsEvents = tampering(() => {
  let count = 0
  return (event) => (++count % 50 === 0 ? [event, event] : [event])
})

/** Gives every 50th event behind the next. */
export const swapsEvents = tampering(() => {
  let count = 0
  let late: EventFrame[] = []
  return (event) => {
    if (++count % 50 === 0) {
      late = [event]
      return []
    }
    const both = [event, ...late]
    late = []
    return both
  }
})

/** Does not hear one of the channels. */
export const hearsNothingRare = tampering(
  () => (event) => (event.channel === 'rare' ? [] : [event]),
)

/** Takes any history for the one it knows: every epoch is the same to it, and no gap is one. */
export const deniesGaps = misreading(() => (frame) => {
  if (frame.kind !== 'subscribed') return [frame]
  const known = Array.from(
    frame.at,
    ([name, { offset }]) => [name, { epoch: 'e', offset }] as const,
  )
  const at = new Map(known.filter(([name]) => !frame.gaps.includes(name)))
  return [{ ...frame, at, gaps: [] }]
})

/** Cries gap whenever it is subscribed. */
export const criesGap = misreading(
  () => (frame) =>
    frame.kind === 'subscribed' ? [{ ...frame, gaps: ['busy', 'calm', 'rare'] }] : [frame],
)

/** Sends a request under another id when it sends it again. */
export function renamesRequests(): DialectFactory {
  const said = new Set<string>()
  return broken(() => ({
    encode(intent) {
      if (intent.kind !== 'request') return native().encode(intent)
      const { requestId } = intent
      const again = said.has(requestId)
      said.add(requestId)
      return native().encode(again ? { ...intent, requestId: `${requestId}-again` } : intent)
    },
  }))
}

/** Does not hear every 10th answer. */
export const losesAnswers = misreading(() => {
  let count = 0
  return (frame) => (frame.kind === 'reply' && ++count % 10 === 0 ? [] : [frame])
})

/** A clock that forgets timers of a second, which is how often a client looks for its deadlines. */
export function forgetsDeadlines(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, run) => (ms === 1_000 ? () => {} : clock.after(ms, run)),
  }
}

/** A broker that stores no replies. */
export function forgetfulBroker(clock: Clock): Broker {
  const broker = new MemoryBroker({ clock })
  return {
    replies: {
      // It claims to store every reply for ever.
      reachMs: Number.POSITIVE_INFINITY,
      begin: async () => ({ state: 'fresh' }),
      settle: async () => {},
    },
    presence: broker.presence,
    publish: (...what) => broker.publish(...what),
    subscribe: (...what) => broker.subscribe(...what),
    head: (channel) => broker.head(channel),
    since: (...what) => broker.since(...what),
    close: () => broker.close(),
  }
}
