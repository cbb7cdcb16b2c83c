import { ChannelSubscriber } from 'wirefold'
import { client } from './client.ts'

/** The channels of the page's only connection. */
export const channels = new ChannelSubscriber(client)
