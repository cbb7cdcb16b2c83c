import type { ChannelManager } from './channel-manager.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { Handlers } from './handlers.ts'

/** What a server is made of, as its mounts and their connections see it. */
export interface ServerCore extends ChannelParts {
  readonly channels: ChannelManager
  readonly handlers: Handlers
}
