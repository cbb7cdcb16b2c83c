/*
 * Names and payloads that the page and its server share: the channel, requests, and their types.
 */

/** The path of the document's sockets. */
export const DOCUMENT_PATH = '/document'
/** The address, over plain HTTP, of the server's {@link Overview}. */
export const OVERVIEW_PATH = '/document/overview'
/** The channel of the paragraphs, which are entities. */
export const PARAGRAPHS = 'entity:Paragraph'
/** The resource at which people with an open panel are present. */
export const DOCUMENT = 'document'
/** The longest paragraph, in characters. */
export const LONGEST_TEXT = 2_000

/** A paragraph, as the server holds it and as a panel shows it. */
export interface Paragraph {
  readonly id: string
  readonly text: string
  /** The edit that the server made last; while an edit of this panel is on its way, the one before it. */
  readonly edit: Edit
  /** The text before an edit of this panel that is on its way. */
  readonly before?: string
}

/** The numbers of an edit, by which each panel counts what was lost and what came twice. */
export interface Edit {
  /** Identifies the server's process: each begins with the first texts, and with number 1. */
  readonly run: string
  /** Number of the edit in the document, given by the server: 1, 2, 3 …; 0 for the first texts. */
  readonly number: number
  /** The id of the panel that sent it, and the number that the panel gave it: 1, 2, 3 … */
  readonly by: string
  readonly own: number
}

/** What a panel sends: the text of a paragraph before and after its edit. */
export interface Change {
  readonly before: string
  readonly text: string
  /** Number of the newest edit in `before`, apart from those of the panel itself. */
  readonly seen: number
  readonly own: number
}

/** The switches of a person's network, as the server has them. */
export interface Positions {
  readonly cut: boolean
  readonly freeze: boolean
  readonly slow: boolean
  readonly reject: boolean
}

/** What the server itself knows, for panels that are compared with it. */
export interface Overview {
  readonly run: string
  /** Number of edits that the server's process has made. */
  readonly edits: number
  /** By the ids of the panels in the address, `?page=`. */
  readonly positions: Readonly<Record<string, Positions>>
}

/** The place of a person's cursor, as presence meta. */
export interface Cursor {
  /** The id of the paragraph; absent while the cursor is elsewhere. */
  readonly paragraph?: string
  /** Number of characters before it. */
  readonly at?: number
}
