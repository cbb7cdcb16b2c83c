/**
 * A dialect from a declaration: JSON messages of a backend's own protocol.
 *
 * @module wirefold/dialects/json
 */

export type {
  JsonCondition,
  JsonDeclaration,
  JsonField,
  JsonHello,
  JsonIds,
  JsonPing,
  JsonPublish,
  JsonReceive,
  JsonRequest,
  JsonRule,
  JsonSend,
  JsonSubscribe,
  JsonValue,
} from '../../dialects/json/declaration.ts'
export { jsonDialect } from '../../dialects/json/dialect.ts'
