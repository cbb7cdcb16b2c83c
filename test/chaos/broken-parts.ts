import type { Clock, EventFrame } from 'wirefold'
import { native } from 'wirefold'
import type { Dialect, DialectFactory, Frame } from 'wirefold/dialects'
import type { Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'

/** The native dialect with overridden parts, created anew for every connection. */
function broken(part: () => Partial<Dialect>): DialectFactory {
  return () => ({ ...native(), ...part() })
}

/** A dialect that changes decoded frames. */
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

/** Changes events with `change`, without offsets, so that the client cannot detect the change. */
function tampering(make: () => (event: EventFrame) => readonly EventFrame[]): DialectFactory {
  return misreading(() => {
    const change = make()
    return (frame) => {
      if (frame.kind === 'pong') return [{ ...frame, offsets: undefined }]
      return frame.kind === 'event' ? change({ ...frame, offset: undefined }) : [frame]
    }
  })
}

/** Subscribes without a position every time. */
export const forgetsPositions = broken(() => ({
  encode: (intent) =>
    native().encode(intent.kind === 'subscribe' ? { ...intent, since: new Map() } : intent),
}))

/** Drops every 50th event. */
export const losesEvents = tampering(() => {
  let count = 0
  return (event) => (++count % 50 === 0 ? [] : [event])
})

/** Delivers every 50th event twice. */
export const repeatsEvents = tampering(() => {
  let count = 0
  return (event) => (++count % 50 === 0 ? [event, event] : [event])
})

/** Delivers every 50th event after the next one. */
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

/** Drops all events of one channel. */
export const dropsChannel = tampering(() => (event) => (event.channel === 'rare' ? [] : [event]))

/** Hides new epochs and gaps. */
export const deniesGaps = misreading(() => (frame) => {
  if (frame.kind !== 'subscribed') return [frame]
  const known = Array.from(
    frame.at,
    ([name, { offset }]) => [name, { epoch: 'e', offset }] as const,
  )
  const at = new Map(known.filter(([name]) => !frame.gaps.includes(name)))
  return [{ ...frame, at, gaps: [] }]
})

/** Reports a gap at every subscribe. */
export const criesGap = misreading(
  () => (frame) =>
    frame.kind === 'subscribed' ? [{ ...frame, gaps: ['busy', 'calm', 'rare'] }] : [frame],
)

/** Sends a repeated request with another id. */
export function renamesRequests(): DialectFactory {
  const sent = new Set<string>()
  return broken(() => ({
    encode(intent) {
      if (intent.kind !== 'request') return native().encode(intent)
      const { requestId } = intent
      const again = sent.has(requestId)
      sent.add(requestId)
      return native().encode(again ? { ...intent, requestId: `${requestId}-again` } : intent)
    },
  }))
}

/** Drops every 10th reply. */
export const losesAnswers = misreading(() => {
  let count = 0
  return (frame) => (frame.kind === 'reply' && ++count % 10 === 0 ? [] : [frame])
})

/** A clock that ignores timers of one second, with which a client checks its deadlines. */
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
      // It claims to store replies forever.
      reachMs: Number.POSITIVE_INFINITY,
      begin: async () => ({ state: 'fresh' }),
      finish: async () => true,
    },
    presence: broker.presence,
    publish: (channels, event, remember) => broker.publish(channels, event, remember),
    subscribe: (...what) => broker.subscribe(...what),
    head: (channel) => broker.head(channel),
    since: (...what) => broker.since(...what),
    close: () => broker.close(),
  }
}
