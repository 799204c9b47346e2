import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CaptureSource } from '../data/api.js';
import { Capture } from './capture.js';
import { Help } from './help.js';
import { useSetting } from './settings.js';
import { useShortcuts } from './shortcuts.js';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** The page. @param embedded the capture in the page, if there is one */
export function App({ embedded }: { readonly embedded: CaptureSource | undefined }) {
  const [source, setSource] = useState(embedded);
  const [theme, setTheme] = useSetting<Theme>('theme', 'auto');
  const dragging = useDrop((file) => setSource({ name: file.name, blob: file }));
  const picker = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    document.title = source === undefined ? 'gunyah-rm inspect' : `${source.name} - gunyah-rm inspect`;
  }, [source]);

  const openHelp = () => help.current?.showModal();
  useShortcuts({ '?': openHelp });

  const nextTheme = themes[(themes.indexOf(theme) + 1) % themes.length] as Theme;
  return (
    <div class={dragging ? 'app dragging' : 'app'}>
      <header class="top">
        <h1>
          <span class="faint">gunyah-rm</span> {source?.name ?? 'inspect'}
        </h1>
        <input
          ref={picker}
          type="file"
          hidden
          aria-label="Capture"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) setSource({ name: file.name, blob: file });
            // Without this, choosing the same file again would raise no event.
            currentTarget.value = '';
          }}
        />
        <button type="button" onClick={() => picker.current?.click()}>
          Open…
        </button>
        <button type="button" onClick={() => setTheme(nextTheme)} aria-label={`Colours: ${theme}`}>
          {{ auto: 'Auto', light: 'Light', dark: 'Dark' }[theme]}
        </button>
        <button type="button" onClick={openHelp} title="?">
          Help
        </button>
      </header>
      {source === undefined ? (
        <Start open={() => picker.current?.click()} />
      ) : (
        <Capture source={source} theme={theme} />
      )}
      <Help dialog={help} />
    </div>
  );
}

function Start({ open }: { open(): void }) {
  return (
    <main class="start">
      <div>
        <h2>Drop a capture here</h2>
        <p>
          pcapng, pcap, NDJSON of <code>gunyah-rm decode --json</code>, or a hex dump; also packed with gzip.
          Nothing leaves this page.
        </p>
        <button type="button" class="primary" onClick={open}>
          Choose a file
        </button>
      </div>
    </main>
  );
}

/** Takes files that are dropped anywhere on the page. Returns whether a file is being dragged over it. */
function useDrop(take: (file: File) => void): boolean {
  const [dragging, setDragging] = useState(false);
  // As soon as the page is drawn: the browser would open what is dropped before.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      // The event also comes when the pointer moves between elements. Then relatedTarget is the new element.
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setDragging(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) take(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return dragging;
}
