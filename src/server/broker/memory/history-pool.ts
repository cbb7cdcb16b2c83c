import type { HistoryLimits } from '../history-limits.ts'
import type { MemoryChannel } from './memory-channel.ts'

/** The channels of a memory broker that share limits. */
export class HistoryPool {
  readonly limits: { readonly [Name in keyof HistoryLimits]-?: number }
  /** Channels with events, least recently used first. */
  readonly warm = new Set<MemoryChannel>()
  /** Approximate size of the channels and their counters, in bytes. */
  bytes = 0

  constructor(limits: HistoryPool['limits']) {
    this.limits = limits
  }

  /** Runs a step that changes the size of a channel, and returns its result. */
  resize<T>(channel: MemoryChannel, step: () => T): T {
    this.bytes -= channel.bytes
    const result = step()
    this.bytes += channel.bytes
    return result
  }

  /** Drops events above the total size, and calls `shortened` with each channel that lost some. */
  evict(shortened: (channel: MemoryChannel) => void): void {
    for (const channel of this.warm) {
      if (this.bytes <= this.limits.totalBytes) return
      while (channel.size && this.bytes > this.limits.totalBytes) {
        this.resize(channel, () => channel.dropOldest())
      }
      shortened(channel)
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.warm.clear()
    this.bytes = 0
  }
}
