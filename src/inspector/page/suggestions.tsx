import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Completion, CompletionItem } from '../../capture/filter/index.js';
import type { Client } from './client.js';

/** The suggestions for the place of the cursor in an input. */
export interface Suggestions {
  readonly items: readonly CompletionItem[];
  /** The one that the arrow keys have chosen. */
  readonly place: number | undefined;
  /** Asks for suggestions for what stands in the input now. */
  open(): void;
  close(): void;
  move(step: number): void;
  /** Puts a suggestion into the input, and returns the whole text. */
  take(place: number): string | undefined;
}

/** Suggestions of the worker for an input with a filter. */
export function useSuggestions(client: Client, input: RefObject<HTMLInputElement | null>): Suggestions {
  const [completion, setCompletion] = useState<Completion>();
  const [place, setPlace] = useState<number>();
  /** Characters of the text for which these suggestions were asked. */
  const size = useRef(0);
  /** Number of the latest question. Answers to earlier ones are out of date. */
  const latest = useRef(0);
  const close = () => {
    latest.current++;
    setCompletion(undefined);
    setPlace(undefined);
  };
  const open = () => {
    const { current } = input;
    if (current === null) return;
    const question = ++latest.current;
    const { value } = current;
    void client.ask('complete', value, caretOf(current)).then((found) => {
      if (question !== latest.current) return;
      size.current = value.length;
      const typed = value.slice(found.start, found.end);
      // A word that is complete needs no suggestion.
      const isDone = found.items.length === 1 && found.items[0]?.text.toLowerCase() === typed.toLowerCase();
      setCompletion(isDone ? undefined : found);
      setPlace(undefined);
    });
  };
  const items = completion?.items ?? [];
  return {
    items,
    place,
    open,
    close,
    move(step) {
      // Who chooses from this list wants no other. One that is on its way would take the choice back.
      latest.current++;
      setPlace((now) =>
        now === undefined ? (step > 0 ? 0 : items.length - 1) : (now + step + items.length) % items.length,
      );
    },
    take(taken) {
      const { current } = input;
      const item = items[taken];
      if (current === null || completion === undefined || item === undefined) return undefined;
      const before = `${current.value.slice(0, completion.start)}${item.text} `;
      // What was typed or deleted while a newer list was on its way belongs to the word, too.
      const end = completion.end + current.value.length - size.current;
      const text = before + current.value.slice(end).trimStart();
      current.value = text;
      current.focus();
      current.setSelectionRange(before.length, before.length);
      // Keys shall not choose from a list for another text.
      close();
      open();
      return text;
    },
  };
}

function caretOf(input: HTMLInputElement): number {
  return input.selectionStart ?? input.value.length;
}

interface SuggestionListProps {
  readonly id: string;
  readonly suggestions: Suggestions;
  take(place: number): void;
}

/** The suggestions as a list below the input. */
export function SuggestionList({ id, suggestions, take }: SuggestionListProps) {
  const { items, place } = suggestions;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [place]);
  return (
    <div
      id={id}
      class="suggestions"
      role="listbox"
      aria-label="Suggestions"
      ref={list}
      hidden={items.length === 0}
    >
      {items.map(({ text, doc }, index) => (
        <div
          key={text}
          id={`suggestion-${index}`}
          role="option"
          aria-selected={index === place}
          // The input keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => take(index)}
        >
          <code>{text}</code>
          <span class="faint">{doc}</span>
        </div>
      ))}
    </div>
  );
}
