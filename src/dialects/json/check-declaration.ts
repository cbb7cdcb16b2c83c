import { badOption } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import type { JsonReceive, JsonSend } from './declaration.ts'
import { frames } from './frames.ts'
import type { Rule } from './rules.ts'
import { reading } from './rules.ts'

const messages: Readonly<Record<keyof JsonSend, unknown>> = {
  ...{ hello: 1, auth: 1, subscribe: 1, unsubscribe: 1, request: 1, publish: 1, ping: 1, pong: 1 },
}

/** Parts of a declaration that need another one. */
const needs = [
  'receive.event needs receive.event.channel',
  'receive.event needs receive.event.type',
  'receive.reply needs receive.reply.id',
  'receive.reply needs id in send',
  'id in send needs receive.reply or receive.subscribed.id or receive.error.id',
  'receive.error needs receive.error.when',
  'receive.welcome needs receive.welcome.when',
  'receive.ping needs receive.ping.when',
  'receive.pong needs receive.pong.when',
  'receive.expiring needs receive.expiring.when',
  'receive.ignored needs receive.ignored.when',
  'receive.subscribed needs receive.subscribed.when',
  'receive.subscribed needs receive.subscribed.channel or id in send.subscribe',
  'receive.subscribed needs receive.subscribed.channel or receive.subscribed.id',
  'receive.subscribed needs send.subscribe',
  'send.subscribe needs receive.event',
  'send.unsubscribe needs send.subscribe',
  'send.hello needs receive.welcome',
  'send.ping needs receive.pong',
  'receive.pong needs send.ping',
  'send.pong needs receive.ping',
  'send.auth needs receive.expiring',
  'receive.expiring needs send.auth',
  'receive.event.prev needs receive.event.offset',
  'receive.event.offset needs since in send.subscribe',
  'since in send needs receive.subscribed.offset',
  'receive.subscribed.offset needs receive.subscribed.channel',
  'receive.subscribed.offset needs receive.event.offset',
]

/** Throws `bad-option` if a part of a declaration is missing, unknown, or contradicts another one. */
export function checkDeclaration(
  { receive, send }: { readonly receive: JsonReceive<never>; readonly send: JsonSend },
  rules: readonly Rule[],
  uses: ReadonlySet<string>,
): void {
  checkNames('receive', receive, frames)
  checkNames('send', send, messages)
  const has = (part: string): boolean => uses.has(part) || !!reading(part)({ receive, send })
  for (const need of needs) {
    const [part = '', others = ''] = need.split(' needs ')
    if (has(part) && !others.split(' or ').some(has)) fail(part, need)
  }
  if (!rules.length) fail('receive', 'receive has no rule')
  for (const [index, { kind, conditions }] of rules.entries()) {
    const hidden = rules.find(
      (other, at) => at > index && conditions.every((text) => other.conditions.includes(text)),
    )?.kind
    if (hidden) {
      fail(
        `receive.${hidden}`,
        `all messages of receive.${hidden} are also of receive.${kind}, which comes first`,
      )
    }
  }
}

function fail(option: string, what: string): never {
  throw badOption(option, `jsonDialect(): ${what}.`)
}
