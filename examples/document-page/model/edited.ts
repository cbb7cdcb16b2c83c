import type { Paragraph } from '../shared.ts'

/**
 * Returns the changes of a paragraph by an edit, as the panel shows them. The text before and the edit
 * that it ended with stay with the new text, whatever arrives until the server has the edit: from them
 * the server knows where the edit belongs.
 */
export function edited({ text: before, edit }: Paragraph, text: string) {
  return { before, text, edit } satisfies Partial<Paragraph>
}
