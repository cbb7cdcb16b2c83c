import { ChannelSubscriber } from 'wirefold'
import { client } from './client.ts'

/** The channels of the page's connection, shared by everything on it. */
export const channels = new ChannelSubscriber(client)
