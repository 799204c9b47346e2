import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface FilterBarProps {
  readonly input: RefObject<HTMLInputElement | null>;
  /** The filter in use when the bar is made; a filter from elsewhere needs a new bar. */
  readonly initial: string;
  readonly error: string | undefined;
  apply(text: string): void;
  /** Back to the table. */
  leave(): void;
}

/** Waits this long for the next key before a filter that is being typed is tried. */
const typingMs = 30;

/** The filter expression: tried while it is typed, kept by Enter, cleared by Escape. */
export function FilterBar({ input, initial, error, apply, leave }: FilterBarProps) {
  const [typed, setTyped] = useState(initial);
  const tried = useRef(initial);
  const tryOut = (filter: string) => {
    if (filter === tried.current) return;
    tried.current = filter;
    apply(filter);
  };
  useEffect(() => {
    const timer = setTimeout(() => tryOut(typed), typingMs);
    return () => clearTimeout(timer);
  }, [typed]);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') {
      tryOut(event.currentTarget.value);
      leave();
    } else if (event.key === 'Escape') {
      setTyped('');
      tryOut('');
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
