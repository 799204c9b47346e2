import { useRef } from 'preact/hooks';

const tabs = [
  { name: 'messages', label: 'Messages' },
  { name: 'lanes', label: 'Lanes' },
  { name: 'overview', label: 'Overview' },
] as const;
export type TabName = (typeof tabs)[number]['name'];

/** The tabs of a capture. Arrow keys move between them. */
export function Tabs({ tab, setTab }: { readonly tab: TabName; setTab(tab: TabName): void }) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const place = tabs.findIndex(({ name }) => name === tab);
    const next = tabs[(place + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    setTab(next.name);
    list.current?.querySelector<HTMLElement>(`#tab-${next.name}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={onKeyDown}>
      {tabs.map(({ name, label }) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === tab}
          aria-controls="pane"
          tabIndex={name === tab ? 0 : -1}
          onClick={() => setTab(name)}
        >
          <span data-label={label}>{label}</span>
        </button>
      ))}
    </div>
  );
}
