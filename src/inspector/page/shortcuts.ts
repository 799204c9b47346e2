import { useEffect } from 'preact/hooks';

/** What single keys do, by the key's name. */
export type Keys = Readonly<Record<string, () => void>>;

/** Does what a key stands for; true when it stands for something. Keys held with others are the browser's. */
export function press(keys: Keys, event: KeyboardEvent): boolean {
  const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
  if (action === undefined) return false;
  event.preventDefault();
  action();
  return true;
}

/** Keys that mean the same wherever the focus is, but not while something is typed or a dialog is open. */
export function useShortcuts(keys: Keys): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target } = event;
      const typing = target instanceof HTMLInputElement && !['checkbox', 'radio'].includes(target.type);
      if (!typing && document.querySelector('dialog[open]') === null) press(keys, event);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });
}
