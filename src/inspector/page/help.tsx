import type { RefObject } from 'preact';

const keys: readonly (readonly [keys: string, what: string])[] = [
  ['↑ ↓ Page Home End', 'move through the messages'],
  ['Enter', 'into the fields of the chosen message; Escape goes back, and then closes it'],
  ['r', 'from a request to its reply and back; so does a double click'],
  ['/', 'to the filter; arrows and Tab take a suggestion, Enter keeps the filter, Escape clears it'],
  ['f or Ctrl+F', 'find; n and N (or F3 and Shift+F3) go to the next and previous one'],
  ['e  E', 'next and previous message with an error or a problem'],
  ['m  c', 'mark the message; write a note about it'],
  [']  [', 'next and previous marked message'],
  ['t', 'times in UTC, since the start, since the row before'],
  ['1 2 3', 'messages, lanes, overview'],
  ['← →', 'in the fields: fold and unfold; in the bytes: next and previous; in the lanes: pan'],
  ['+ − 0', 'in the lanes: zoom in, out, to the whole'],
  ['?', 'this help'],
];

const filters: readonly (readonly [filter: string, what: string])[] = [
  ['name == VM_START and from == HLOS', 'requests and replies by name, sender, receiver'],
  ['type == reply and error != OK', 'what went wrong'],
  ['payload.vmid == 128', 'fields of the payload, lists if any entry matches'],
  ['latency_ns > 1 ms', 'numbers as they are printed: 0x80, 32 MiB, 1.5 ms'],
  ['name in {VM_INIT, VM_START}', 'one of several'],
  ['not (name contains MEM) and issues', 'text in text; a key alone asks whether it is there'],
];

/** The dialog that explains the keys and the filter language. */
export function Help({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="help" aria-label="Help">
      <form method="dialog">
        <header>
          <h2>Keys</h2>
          <button type="submit">Close</button>
        </header>
        <Pairs pairs={keys} />
        <h2>Filter</h2>
        <Pairs pairs={filters} />
        <h2>Notes</h2>
        <p>
          Marks and notes are comments of packets. Save keeps them in a pcapng file, which this page,{' '}
          <code>decode</code> and Wireshark show.
        </p>
      </form>
    </dialog>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {pairs.map(([term, text]) => (
        <div key={term}>
          <dt>
            <code>{term}</code>
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
