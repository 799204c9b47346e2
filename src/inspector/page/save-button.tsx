import { useState } from 'preact/hooks';
import type { Client } from './client.js';

/** Number of rows in one question to the worker. */
const blockSize = 2000;

interface SaveButtonProps {
  readonly client: Client;
  readonly rows: number;
  readonly name: string;
}

/** Saves the messages that match the filter, as `decode --json` prints them. */
export function SaveButton({ client, rows, name }: SaveButtonProps) {
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    const blocks: string[] = [];
    for (let start = 0; start < rows; start += blockSize)
      blocks.push(await client.ask('ndjson', start, Math.min(rows, start + blockSize)));
    const url = URL.createObjectURL(new Blob(blocks, { type: 'application/x-ndjson' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name.replace(/\.[^.]*$/, '') || 'capture'}.ndjson`;
    link.click();
    // In the next turn of the event loop the browser has taken the data, and the URL can be revoked.
    setTimeout(() => URL.revokeObjectURL(url));
    setBusy(false);
  };
  return (
    <button type="button" disabled={busy || rows === 0} onClick={() => void save()}>
      Save NDJSON
    </button>
  );
}
