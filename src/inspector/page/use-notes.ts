import { useEffect, useState } from 'preact/hooks';
import type { Note } from '../data/note.js';
import type { Client } from './client.js';

/** Keeps count of the notes, so that the browser warns before unsaved ones are lost. */
export function useNotes(client: Client | undefined) {
  const [edits, setEdits] = useState(0);
  const [isSaved, setSaved] = useState(true);
  useEffect(() => setSaved(true), [client]);
  useEffect(() => {
    if (isSaved) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isSaved]);
  return {
    /** Grows when a note changes. */
    edits,
    saved: () => setSaved(true),
    async set(no: number, note: Note) {
      await client?.ask('setNote', no, note);
      setEdits((count) => count + 1);
      setSaved(false);
    },
  };
}
