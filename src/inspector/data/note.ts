/** What a user has put down about a message. */
export interface Note {
  readonly marked: boolean;
  /** Empty if there is none. */
  readonly text: string;
}

/** The line of a packet's comment that marks its message. */
const mark = 'marked';

/** The note in the comment of a packet: a mark is a line of its own. */
export function noteOf(comment: string | undefined): Note {
  if (comment === undefined) return { marked: false, text: '' };
  const lines = comment.split('\n');
  return { marked: lines.includes(mark), text: lines.filter((line) => line !== mark).join('\n') };
}

/** The comment that says a note. Undefined if there is nothing to say. */
export function commentOf({ marked, text }: Note): string | undefined {
  const lines = [...(marked ? [mark] : []), ...(text.trim() === '' ? [] : [text.trim()])];
  return lines.length === 0 ? undefined : lines.join('\n');
}
