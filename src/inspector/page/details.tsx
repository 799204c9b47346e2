import { useEffect, useState } from 'preact/hooks';
import type { Detail } from '../data/detail.js';
import type { Client } from './client.js';
import { CopyBar } from './copy-bar.js';
import { FieldDoc, FieldTree } from './field-tree.js';
import { HexView } from './hex-view.js';

interface DetailsProps {
  readonly client: Client;
  /** `no` of the message. */
  readonly no: number | undefined;
}

/** One message: its fields beside its bytes, either leading to the other. */
export function Details({ client, no }: DetailsProps) {
  const detail = useDetail(client, no);
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
          <FieldTree detail={detail} chosen={chosen} hovered={hovered} choose={choose} hover={hover} />
          <FieldDoc node={shown === undefined ? undefined : detail.nodes[shown]} />
        </div>
        <HexView
          detail={detail}
          chosen={chosen}
          hovered={hovered}
          cursor={cursor}
          choose={choose}
          hover={hover}
          setCursor={setCursor}
        />
      </div>
    </section>
  );
}

/** The message with that number, once the worker has told; the one before until then. */
function useDetail(client: Client, no: number | undefined): Detail | undefined {
  const [detail, setDetail] = useState<Detail>();
  useEffect(() => {
    if (no === undefined) {
      setDetail(undefined);
      return;
    }
    let wanted = true;
    void client.ask('detail', no).then((answer) => {
      if (wanted) setDetail(answer);
    });
    return () => {
      wanted = false;
    };
  }, [client, no]);
  return detail;
}
