import { useEffect, useState } from 'preact/hooks';

/** A setting, kept in localStorage. Browsers may deny it to a page that was opened from a file. */
export function useSetting<T>(name: string, initial: T): [T, (value: T | ((before: T) => T)) => void] {
  const key = `gunyah-rm.${name}`;
  const [value, setValue] = useState<T>(() => {
    try {
      const text = localStorage.getItem(key);
      return text === null ? initial : (JSON.parse(text) as T);
    } catch {
      return initial;
    }
  });
  useEffect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Without localStorage the setting lasts as long as the page.
    }
  }, [key, value]);
  return [value, setValue];
}

/** Whether a media query matches. The component renders again when that changes. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    changed();
    list.addEventListener('change', changed);
    return () => list.removeEventListener('change', changed);
  }, [query]);
  return matches;
}
