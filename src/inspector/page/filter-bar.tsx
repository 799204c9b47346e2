import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface FilterBarProps {
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

/** The input for the filter. It is applied while the user types. Enter keeps it, Escape clears it. */
export function FilterBar({ input, initial, error, apply, leave }: FilterBarProps) {
  const [typed, setTyped] = useState(initial);
  const applied = useRef(initial);
  const applyNew = (filter: string) => {
    if (filter === applied.current) return;
    applied.current = filter;
    apply(filter);
  };
  useEffect(() => {
    const timer = setTimeout(() => applyNew(typed), typingMs);
    return () => clearTimeout(timer);
  }, [typed]);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') {
      applyNew(event.currentTarget.value);
      leave();
    } else if (event.key === 'Escape') {
      setTyped('');
      applyNew('');
      leave();
    } else return;
    event.preventDefault();
  };
  return (
    <div class="filter" role="search">
      <label class="filter-label" for="filter">
        Filter
      </label>
      <input
        id="filter"
        ref={input}
        value={typed}
        class={error === undefined ? '' : 'wrong'}
        placeholder={'name == "VM_START" and error != OK'}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby="filter-error"
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <span id="filter-error" class="filter-error" role="alert">
        {error}
      </span>
    </div>
  );
}
