import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Detail, DetailIssue } from '../data/detail.js';
import type { Note } from '../data/note.js';
import type { Client } from './client.js';
import { CopyBar } from './copy-bar.js';
import { FieldDoc, FieldTree } from './field-tree.js';
import { HexView } from './hex-view.js';
import { NoteBar } from './note-bar.js';
import { useAnswer } from './use-answer.js';

interface DetailsProps {
  readonly client: Client;
  readonly no: number;
  /** Grows when the notes of messages change. */
  readonly edits: number;
  /** Whether the message gets the focus as soon as it is there. */
  readonly isAwaited: RefObject<boolean>;
  /** The filter hides the message. */
  readonly isHidden: boolean;
  clearFilter(): void;
  setNote(no: number, note: Note): void;
  /** Moves the focus back to the table. */
  leave(): void;
  /** Chooses nothing. */
  close(): void;
}

/** One message: its fields beside its bytes. A choice in one shows in the other. */
export function Details({ client, no, edits, isAwaited, ...rest }: DetailsProps) {
  const detail = useAnswer(() => client.ask('detail', no), [client, no, edits]);
  const outer = useRef<HTMLDivElement>(null);
  // Another message is drawn with new elements. If one of the old ones has the focus, a new one gets it.
  const hasFocus = outer.current?.contains(document.activeElement) === true;
  useLayoutEffect(() => {
    if (detail === undefined || !(hasFocus || isAwaited.current)) return;
    isAwaited.current = false;
    outer.current?.querySelector<HTMLElement>('.tree')?.focus();
  }, [detail?.no]);
  return (
    <div class="details-outer" ref={outer}>
      {detail !== undefined && <MessagePanes key={detail.no} client={client} detail={detail} {...rest} />}
    </div>
  );
}

type MessagePanesProps = Omit<DetailsProps, 'no' | 'edits' | 'isAwaited'> & { readonly detail: Detail };

function MessagePanes({ client, detail, isHidden, clearFilter, setNote, leave, close }: MessagePanesProps) {
  const [chosen, choose] = useState<number>();
  const [hovered, hover] = useState<number>();
  const [cursor, setCursor] = useState<number>();
  const shown = hovered ?? chosen;
  const selection = { chosen, hovered, choose, hover };
  const goTo = ({ node, at }: DetailIssue) => {
    choose(node);
    setCursor(Math.min(at, detail.bytes.length - 1));
  };
  return (
    <section
      class="details"
      aria-label={`Message ${detail.no}`}
      onKeyDown={(event) => {
        // Escape in fields and bytes first chooses no field.
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        leave();
      }}
    >
      <header class="details-head">
        <h2>
          {detail.no} {detail.title}{' '}
          {detail.type !== detail.title && <span class="faint">{detail.type}</span>}
        </h2>
        {isHidden && (
          <p class="hidden-note">
            The filter hides this message.{' '}
            <button type="button" class="link" onClick={clearFilter}>
              Clear the filter
            </button>
          </p>
        )}
        <NoteBar note={detail.note} setNote={(note) => setNote(detail.no, note)} />
        <CopyBar key={chosen} client={client} detail={detail} node={chosen} />
        <button type="button" class="close" onClick={close} aria-label="Close the message" title="Escape">
          ×
        </button>
      </header>
      {detail.issues.length + detail.hazards.length > 0 && (
        <ul class="issue-list" aria-label="Issues and hazards">
          {detail.issues.map((issue) => (
            <li key={issue.text}>
              <IssueButton text={issue.text} go={() => goTo(issue)} />
            </li>
          ))}
          {detail.hazards.map((hazard) => (
            <li key={hazard.rule}>
              <IssueButton text={`${hazard.level} ${hazard.rule}`} go={() => goTo(hazard)} />: {hazard.text}{' '}
              Instead: {hazard.instead}. <span class="faint">Source: {hazard.source}.</span>
            </li>
          ))}
        </ul>
      )}
      <div class="panes">
        <div class="fields">
          <FieldTree detail={detail} {...selection} />
          <FieldDoc node={shown === undefined ? undefined : detail.nodes[shown]} message={detail.doc} />
        </div>
        <HexView detail={detail} {...selection} cursor={cursor} setCursor={setCursor} />
      </div>
    </section>
  );
}

/** Shows the field and the bytes of a problem. */
function IssueButton({ text, go }: { readonly text: string; go(): void }) {
  return (
    <button type="button" class="link" onClick={go}>
      {text}
    </button>
  );
}
