import type { ServerResponse } from 'node:http'
import type { CloseInfo } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { HttpPeer } from './http-peers.ts'
import { overHttp } from './http-peers.ts'

/**
 * Number of timers of 20 ms in a row without a poll after which a peer considers its connection as ended.
 * A machine that stalls delays one of them, not all.
 */
const ABSENT_TIMERS = 25

/** Peers that answer polls. */
export function overPolls(factory: TransportFactory, denied: CloseInfo, closed: CloseInfo) {
  return overHttp(factory, pollPeer, { closed, denied })
}

function pollPeer(): HttpPeer {
  const received: string[] = []
  const waiting: string[] = []
  let open: ServerResponse | undefined
  let polls = 0
  let closed: CloseInfo | undefined
  let frozen = false
  let cut = false
  let absence: NodeJS.Timeout | undefined
  const awaitPoll = (): void => {
    const wait = (left: number): void => {
      absence = setTimeout(() => {
        if (left > 0) wait(left - 1)
        else closed ??= { code: 1006, reason: '' }
      }, 20)
      absence.unref()
    }
    wait(ABSENT_TIMERS)
  }
  const answer = (): void => {
    if (!open || frozen) return
    const response = open
    if (cut) response.socket?.resetAndDestroy()
    else if (waiting.length > 0) response.end(JSON.stringify(waiting.splice(0)))
    else if (closed) response.writeHead(410).end()
    else if (polls === 1) response.writeHead(204).end()
    else return
    open = undefined
    awaitPoll()
  }
  return {
    isOpen: () => !frozen && !closed,
    take(_, response) {
      clearTimeout(absence)
      polls++
      open = response
      response.on('close', () => {
        if (open !== response) return
        open = undefined
        awaitPoll()
      })
      // In the next turn: a greeting goes with the first answer.
      setImmediate(answer)
    },
    peer: {
      protocols: [],
      received,
      receivedBytes: [],
      get closed() {
        return closed
      },
      send(data) {
        waiting.push(String(data))
        answer()
      },
      close(code, reason) {
        closed = { code, reason }
        answer()
      },
      cut() {
        cut = true
        answer()
      },
      freeze() {
        frozen = true
      },
    },
  }
}
