import { useState } from 'preact/hooks';
import type { Detail } from '../data/detail.js';
import type { Client } from './client.js';
import { CopyBar } from './copy-bar.js';
import { FieldDoc, FieldTree } from './field-tree.js';
import { HexView } from './hex-view.js';
import { useAnswer } from './use-answer.js';

interface DetailsProps {
  readonly client: Client;
  readonly no: number | undefined;
}

/** One message: its fields beside its bytes. A choice in one shows in the other. */
export function Details({ client, no }: DetailsProps) {
  const detail = useAnswer(() => (no === undefined ? undefined : client.ask('detail', no)), [client, no]);
  if (detail !== undefined) return <MessagePanes key={detail.no} client={client} detail={detail} />;
  return (
    <section class="details empty" aria-label="Message">
      <p class="faint">No message is chosen.</p>
    </section>
  );
}

function MessagePanes({ client, detail }: { readonly client: Client; readonly detail: Detail }) {
  const [chosen, choose] = useState<number>();
  const [hovered, hover] = useState<number>();
  const [cursor, setCursor] = useState<number>();
  const shown = hovered ?? chosen;
  const selection = { chosen, hovered, choose, hover };
  return (
    <section class="details" aria-label={`Message ${detail.no}`}>
      <header class="details-head">
        <h2>
          {detail.no} {detail.title}{' '}
          {detail.type !== detail.title && <span class="faint">{detail.type}</span>}
        </h2>
        <p class="faint doc">{detail.doc}</p>
        <CopyBar client={client} detail={detail} node={chosen} />
      </header>
      {detail.issues.length > 0 && (
        <ul class="issue-list" aria-label="Issues">
          {detail.issues.map(({ text, at, node }) => (
            <li key={text}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  choose(node);
                  setCursor(Math.min(at, detail.bytes.length - 1));
                }}
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="panes">
        <div class="fields">
          <FieldTree detail={detail} {...selection} />
          <FieldDoc node={shown === undefined ? undefined : detail.nodes[shown]} />
        </div>
        <HexView detail={detail} {...selection} cursor={cursor} setCursor={setCursor} />
      </div>
    </section>
  );
}
