import { balance } from '../../support/balancer.ts'
import { carryOut } from '../../support/commands.ts'

/* The load balancer of a rolling restart. */

const front = await balance()

const commands = {
  url: () => front.url,
  add: (port: number) => void front.backends.add(port),
  remove: (port: number) => void front.backends.delete(port),
}

/** Commands of the load balancer. */
export type BalancerCommands = typeof commands

carryOut(commands)
