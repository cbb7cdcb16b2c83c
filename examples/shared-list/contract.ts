import { contract, entityEvents, unchecked } from 'wirefold/contract'

/** An item of the list that all pages share. */
export interface Item {
  readonly id: string
  readonly title: string
}

/** What the pages and their server say to each other. */
export const list = contract({
  channels: { 'entity:Item': entityEvents(unchecked<Item>()) },
  requests: {
    'item:list': { reply: unchecked<readonly Item[]>() },
    'item:create': { payload: unchecked<{ readonly title: string }>(), reply: unchecked<Item>() },
  },
})
