import { useState } from 'preact/hooks';
import type { Client } from './client.js';
import { Menu } from './menu.js';

interface SaveMenuProps {
  readonly client: Client;
  readonly rows: number;
  readonly name: string;
  /** Notes have been saved. */
  saved(): void;
}

/** Saves the capture with its notes, or the messages that match the filter. */
export function SaveMenu({ client, rows, name, saved }: SaveMenuProps) {
  /** The worker that makes a file. One that was closed meanwhile never answers. */
  const [busy, setBusy] = useState<Client>();
  const isBusy = busy === client;
  const stem = name.replace(/(\.gz)?$/, '').replace(/\.[^.]*$/, '') || 'capture';
  const save = async (ending: string, make: () => Promise<Blob>) => {
    setBusy(client);
    try {
      download(await make(), stem + ending);
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <Menu label="Save" isActions>
      <fieldset class="actions" disabled={isBusy}>
        <legend>Whole capture</legend>
        <button
          type="button"
          onClick={() => void save('.pcapng', () => client.ask('pcapng', 'all')).then(saved)}
        >
          pcapng with notes
        </button>
      </fieldset>
      <fieldset class="actions" disabled={isBusy || rows === 0}>
        <legend>What the filter shows</legend>
        <button type="button" onClick={() => void save('-shown.pcapng', () => client.ask('pcapng', 'shown'))}>
          pcapng
        </button>
        <button type="button" onClick={() => void save('.ndjson', () => client.ask('ndjson'))}>
          NDJSON
        </button>
      </fieldset>
    </Menu>
  );
}

function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // In the next turn of the event loop the browser has taken the data, and the URL can be revoked.
  setTimeout(() => URL.revokeObjectURL(url));
}
