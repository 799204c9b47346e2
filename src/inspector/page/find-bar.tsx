import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { FindQuery } from '../data/find.js';

const kinds = [
  { kind: 'text', label: 'text', hint: 'in the cells that are shown' },
  { kind: 'filter', label: 'filter', hint: 'error != OK' },
  { kind: 'bytes', label: 'bytes', hint: '80 00 00 00' },
] as const;
export type FindKind = (typeof kinds)[number]['kind'];

/** What the user looks for. */
export interface Wanted {
  readonly kind: FindKind;
  readonly text: string;
}

/** The question to the worker. Undefined if nothing is looked for. @param columns the cells that are shown */
export function queryOf({ kind, text }: Wanted, columns: readonly string[]): FindQuery | undefined {
  if (text.trim() === '') return undefined;
  // The info has both behind it.
  const looked = columns.includes('info') ? [...columns, 'problem', 'comment'] : columns;
  return kind === 'text' ? { kind, text, columns: looked } : { kind, text };
}

interface FindBarProps {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly wanted: Wanted;
  setWanted(wanted: Wanted): void;
  find(step: 1 | -1): void;
  close(): void;
}

/** Looks for messages without hiding the others. Enter goes to the next, with Shift to the previous one. */
export function FindBar({ input, wanted, setWanted, find, close }: FindBarProps) {
  const [kind, setKind] = useState(wanted.kind);
  const hint = kinds.find((row) => row.kind === kind)?.hint;
  return (
    <div
      class="find"
      role="search"
      aria-label="Find"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
        else if (event.key === 'Enter' && event.target === input.current) find(event.shiftKey ? -1 : 1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <label for="find">Find</label>
      <select
        aria-label="What to find"
        value={kind}
        onChange={({ currentTarget }) => {
          const next = currentTarget.value as FindKind;
          setKind(next);
          setWanted({ ...wanted, kind: next });
        }}
      >
        {kinds.map((row) => (
          <option key={row.kind} value={row.kind}>
            {row.label}
          </option>
        ))}
      </select>
      <input
        id="find"
        ref={input}
        value={wanted.text}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setWanted({ kind, text: currentTarget.value })}
      />
      <button type="button" onClick={() => find(-1)} aria-label="Find previous">
        ↑
      </button>
      <button type="button" onClick={() => find(1)} aria-label="Find next">
        ↓
      </button>
      <button type="button" onClick={close} aria-label="Close find">
        ×
      </button>
    </div>
  );
}
