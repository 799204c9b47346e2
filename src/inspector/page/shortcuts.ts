import { useEffect } from 'preact/hooks';

/** Actions by the name of their key. */
export type Keys = Readonly<Record<string, () => void>>;

/** Runs the action of a key, if it has one. Keys with Ctrl, Alt or Meta are left to the browser. */
export function press(keys: Keys, event: KeyboardEvent): void {
  const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

/** Handles keys wherever the focus is, except while the user types or a dialog is open. */
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
