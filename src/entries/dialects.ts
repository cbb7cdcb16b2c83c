/**
 * The parts of which a dialect, a transport or an extension of the client is made.
 *
 * @module wirefold/dialects
 */

export type {
  ClientExtension,
  ClientPort,
  ControlReply,
  OnControlReply,
  PortEnvironment,
} from '../ports/client-port.ts'
export type { OutgoingRequest, SendingTime, SendOptions } from '../ports/outgoing-request.ts'
export type { Transport, TransportFactory, TransportHandlers } from '../ports/transport.ts'
export { binaryCodec } from '../protocol/binary-codec.ts'
export { channelName, channelWith } from '../protocol/channel-name.ts'
export type { Codec, Encoded } from '../protocol/codec.ts'
export type {
  AuthCommand,
  Command,
  HelloCommand,
  MalformedCommand,
  PingCommand,
  PongCommand,
  PresenceCommand,
  PublishCommand,
  RequestCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '../protocol/command.ts'
export type {
  Capabilities,
  Dialect,
  DialectFactory,
  DialectPresets,
  Outgoing,
  RetryHint,
} from '../protocol/dialect.ts'
export type {
  CloseFrame,
  DroppedFrame,
  EndedFrame,
  ExpiringFrame,
  Frame,
  GoawayFrame,
  Limits,
  PartFrame,
  PingFrame,
  PongFrame,
  RefusalFrame,
  ReplyFrame,
  SubscribedFrame,
  UnsubscribedFrame,
  WelcomeFrame,
} from '../protocol/frame.ts'
export type { PeerFields } from '../protocol/frame-constructors.ts'
export {
  droppedFrame,
  endedFrame,
  eventFrame,
  noticeFrame,
  pingFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
  welcomeFrame,
} from '../protocol/frame-constructors.ts'
export type {
  AuthIntent,
  HelloIntent,
  Intent,
  PingIntent,
  PongIntent,
  PresenceIntent,
  PublishIntent,
  RequestIntent,
  SubscribeIntent,
  UnsubscribeIntent,
} from '../protocol/intent.ts'
export { jsonCodec } from '../protocol/json-codec.ts'
export { plainDialect } from '../protocol/plain-dialect.ts'
export type {
  AnswerFrame,
  FarewellFrame,
  GrantedFrame,
  OpenedFrame,
  OutgoingEvent,
  ReceivingFrame,
  RefusedFrame,
  ReleasedFrame,
  ServerFrame,
} from '../protocol/server-frame.ts'
