import type { NoticeFrame } from './frame.ts'

/** The frame for a message that means nothing above the dialect. */
export function notice(level: NoticeFrame['level'], reason: string, wire: unknown): NoticeFrame {
  return { kind: 'notice', level, reason, wire }
}
