import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Client } from './client.js';
import { SuggestionList, useSuggestions } from './suggestions.js';

interface FilterBarProps {
  readonly client: Client;
  readonly input: RefObject<HTMLInputElement | null>;
  /** The filter that the bar begins with. To show a filter that was set elsewhere, make a new bar. */
  readonly initial: string;
  readonly error: string | undefined;
  apply(text: string): void;
  /** Moves the focus back to the table. */
  leave(): void;
}

/** A filter is applied this long after the last key. */
const typingMs = 30;

/**
 * The input for the filter. It is applied while the user types, and what may come next is suggested: the arrow keys
 * choose a suggestion, Tab and Enter take it. Enter keeps the filter, Escape clears it.
 */
export function FilterBar({ client, input, initial, error, apply, leave }: FilterBarProps) {
  const [typed, setTyped] = useState(initial);
  const applied = useRef(initial);
  const suggestions = useSuggestions(client, input);
  const applyNew = (filter: string) => {
    if (filter === applied.current) return;
    applied.current = filter;
    apply(filter);
  };
  useEffect(() => {
    const timer = setTimeout(() => applyNew(typed), typingMs);
    return () => clearTimeout(timer);
  }, [typed]);

  const take = (place: number) => {
    const text = suggestions.take(place);
    if (text !== undefined) setTyped(text);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    const { items, place } = suggestions;
    if (event.key === 'ArrowDown' && items.length > 0) suggestions.move(1);
    else if (event.key === 'ArrowDown') suggestions.open();
    else if (event.key === 'ArrowUp' && items.length > 0) suggestions.move(-1);
    else if (event.key === 'Tab' && place !== undefined && !event.shiftKey) take(place);
    else if (event.key === 'Enter' && place !== undefined) take(place);
    else if (event.key === 'Enter') {
      suggestions.close();
      applyNew(event.currentTarget.value);
      leave();
    } else if (event.key === 'Escape' && items.length > 0) suggestions.close();
    else if (event.key === 'Escape') {
      setTyped('');
      applyNew('');
      leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="filter" role="search">
      <label class="filter-label" for="filter">
        Filter
      </label>
      <div class="filter-field">
        <input
          id="filter"
          ref={input}
          value={typed}
          class={error === undefined ? '' : 'wrong'}
          placeholder={'name == VM_START and error != OK'}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={suggestions.items.length > 0}
          aria-controls="filter-suggestions"
          aria-activedescendant={
            suggestions.place === undefined ? undefined : `suggestion-${suggestions.place}`
          }
          aria-invalid={error !== undefined}
          aria-describedby="filter-error"
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            suggestions.open();
          }}
          onKeyDown={onKeyDown}
          onBlur={suggestions.close}
        />
        <SuggestionList id="filter-suggestions" suggestions={suggestions} take={take} />
        <span id="filter-error" class="filter-error" role="alert">
          {suggestions.items.length > 0 ? '' : error}
        </span>
      </div>
    </div>
  );
}
