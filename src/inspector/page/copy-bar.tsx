import { useState } from 'preact/hooks';
import type { Copies, Detail } from '../data/detail.js';
import type { Client } from './client.js';

const forms: readonly { readonly form: keyof Copies; readonly label: string }[] = [
  { form: 'hex', label: 'hex' },
  { form: 'json', label: 'JSON' },
  { form: 'c', label: 'C' },
];

interface CopyBarProps {
  readonly client: Client;
  readonly detail: Detail;
  readonly node: number | undefined;
}

/** Buttons that copy the message or the chosen field to the clipboard. Another field needs another bar. */
export function CopyBar({ client, detail, node }: CopyBarProps) {
  const [notice, setNotice] = useState('');
  const what = node === undefined ? 'message' : (detail.nodes[node]?.name ?? 'field');
  const copy = async (form: keyof Copies, label: string) => {
    const copies = await client.ask('copies', detail.no, node);
    const copied = await navigator.clipboard.writeText(copies[form]).then(
      () => true,
      () => false,
    );
    setNotice(copied ? `${what} copied as ${label}` : 'the browser does not allow to copy');
  };
  return (
    <div class="copy" role="group" aria-label={`Copy ${what}`}>
      <span class="faint">Copy {what}:</span>
      {forms.map(({ form, label }) => (
        <button
          key={form}
          type="button"
          onClick={() => void copy(form, label)}
          aria-label={`Copy ${what} as ${label}`}
        >
          {label}
        </button>
      ))}
      <span role="status" class="faint">
        {notice}
      </span>
    </div>
  );
}
