import { useLayoutEffect, useState } from 'preact/hooks';
import type { Note } from '../data/note.js';

interface NoteBarProps {
  readonly note: Note;
  setNote(note: Note): void;
}

/** The mark and the note of a message. */
export function NoteBar({ note, setNote }: NoteBarProps) {
  const [text, setText] = useState(note.text);
  // Before the user can type: an effect after drawing would take back the first letter.
  useLayoutEffect(() => setText(note.text), [note.text]);
  const keep = () => {
    if (text.trim() !== note.text) setNote({ ...note, text: text.trim() });
  };
  return (
    <div class="note">
      <button
        type="button"
        class="mark"
        aria-pressed={note.marked}
        title="Mark this message (m)"
        onClick={() => setNote({ ...note, marked: !note.marked })}
      >
        {note.marked ? '★ marked' : '☆ mark'}
      </button>
      <input
        id="note"
        aria-label="Note"
        placeholder="note (c); it is saved as the packet's comment"
        value={text}
        autocomplete="off"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep();
          else if (event.key === 'Escape') setText(note.text);
          else return;
          event.preventDefault();
          event.stopPropagation();
          document.querySelector<HTMLElement>('[role=grid]')?.focus();
        }}
      />
    </div>
  );
}
