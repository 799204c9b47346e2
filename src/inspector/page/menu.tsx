import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  readonly label: string;
  /** Its buttons close it. */
  readonly isActions?: true;
  readonly children: ComponentChildren;
}

/** A button that opens a panel. Escape, a click elsewhere and the button close it. */
export function Menu({ label, isActions, children }: MenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const onPointerDown = ({ target }: Event) => {
      const { current } = menu;
      if (current?.open && !current.contains(target as Node)) current.open = false;
    };
    addEventListener('pointerdown', onPointerDown);
    return () => removeEventListener('pointerdown', onPointerDown);
  }, []);
  return (
    <details
      class="menu"
      ref={menu}
      onClick={({ target, currentTarget }) => {
        if (isActions && target instanceof HTMLButtonElement) currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !event.currentTarget.open) return;
        event.stopPropagation();
        event.currentTarget.open = false;
        event.currentTarget.querySelector('summary')?.focus();
      }}
    >
      <summary>{label}</summary>
      <div class="menu-body">{children}</div>
    </details>
  );
}
