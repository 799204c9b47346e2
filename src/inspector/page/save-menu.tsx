import { useState } from 'preact/hooks';
import type { Client } from './client.js';
import { Menu } from './menu.js';

/** Number of rows in one question to the worker. */
const blockSize = 2000;

interface SaveMenuProps {
  readonly client: Client;
  readonly rows: number;
  readonly name: string;
  /** Notes have been saved. */
  saved(): void;
}

/** Saves the capture with its notes, or the messages that match the filter. */
export function SaveMenu({ client, rows, name, saved }: SaveMenuProps) {
  const [isBusy, setBusy] = useState(false);
  const stem = name.replace(/(\.gz)?$/, '').replace(/\.[^.]*$/, '') || 'capture';
  const save = async (ending: string, make: () => Promise<Blob>) => {
    setBusy(true);
    download(await make(), stem + ending);
    setBusy(false);
  };
  const ndjson = async () => {
    const blocks: string[] = [];
    for (let start = 0; start < rows; start += blockSize)
      blocks.push(await client.ask('ndjson', start, Math.min(rows, start + blockSize)));
    return new Blob(blocks, { type: 'application/x-ndjson' });
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
        <button type="button" onClick={() => void save('.ndjson', ndjson)}>
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
