import { useLayoutEffect } from 'preact/hooks';

/** Actions by the name of their key. */
export type Keys = Readonly<Record<string, () => void>>;

/** Runs the action of a key, if it has one. Keys with Ctrl, Alt or Meta are left to the browser, but for `Ctrl+f`. */
export function press(keys: Keys, event: KeyboardEvent): void {
  const { ctrlKey, metaKey, altKey, shiftKey, key } = event;
  const name =
    ctrlKey || metaKey || altKey ? `Ctrl+${key}` : shiftKey && key.length > 1 ? `Shift+${key}` : key;
  const action = Object.hasOwn(keys, name) && !altKey ? keys[name] : undefined;
  if (action === undefined) return;
  event.preventDefault();
  action();
}

/** Handles keys wherever the focus is, except while the user types or a dialog is open. */
export function useShortcuts(keys: Keys): void {
  // Before the next key: effects after drawing would still have the actions of the rendering before.
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target, defaultPrevented } = event;
      const isTyping =
        target instanceof HTMLSelectElement ||
        (target instanceof HTMLInputElement && !['checkbox', 'radio'].includes(target.type));
      if (defaultPrevented || isTyping || document.querySelector('dialog[open]') !== null) return;
      press(keys, event);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });
}
