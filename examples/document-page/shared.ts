/*
 * Names and payloads that the page and its server share: the channel, requests, and their types.
 */

/** The path of the document's sockets. */
export const DOCUMENT_PATH = '/document'
/** The address, over plain HTTP, of the number of edits that the server has made. */
export const EDITS_PATH = '/document/edits'
/** The channel of the paragraphs, which are entities. */
export const PARAGRAPHS = 'entity:Paragraph'
/** The resource at which people with an open panel are present. */
export const DOCUMENT = 'document'
/** The longest paragraph, in characters. */
export const LONGEST_TEXT = 2_000

/** A paragraph, as the server holds it. */
export interface Paragraph {
  readonly id: string
  readonly text: string
  /** The edit that wrote this text; the server's first text has none. */
  readonly edit?: Edit
}

/** The numbers of an edit, by which each panel counts what was lost and what came twice. */
export interface Edit {
  /** Number of the edit in the document, given by the server: 1, 2, 3 … */
  readonly number: number
  /** The id of the panel that sent it, and the number that the panel gave it: 1, 2, 3 … */
  readonly by: string
  readonly own: number
}

/** The place of a person's cursor, as presence meta. */
export interface Cursor {
  /** The id of the paragraph; absent while the cursor is elsewhere. */
  readonly paragraph?: string
  /** Number of characters before it. */
  readonly at?: number
}
