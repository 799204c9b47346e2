import type { RefObject } from 'preact';

const keys: readonly (readonly [keys: string, what: string])[] = [
  ['↑ ↓ Page Home End', 'move through the messages'],
  ['Enter', 'from a request to its reply and back'],
  ['n  p', 'next and previous message with issues'],
  ['/', 'to the filter; Enter keeps it, Escape clears it'],
  ['1 2 3', 'messages, lanes, overview'],
  ['← →', 'in the fields: fold and unfold; in the bytes: next and previous; in the lanes: pan'],
  ['+ − 0', 'in the lanes: zoom in, out, to the whole'],
  ['Escape', 'in fields and bytes: choose nothing'],
];

const filters: readonly (readonly [filter: string, what: string])[] = [
  ['name == "VM_START" and from == 3', 'requests and replies by name, sender, receiver'],
  ['type == reply and error != OK', 'what went wrong'],
  ['payload.vmid == 128', 'fields of the payload, lists if any entry matches'],
  ['id == 0x56000020 or seq >= 10', 'numbers in any notation'],
  ['not (name contains "MEM") and issues', 'text in text; a key alone asks whether it is there'],
];

/** The dialog that explains the keys and the filter language. */
export function Help({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="help" aria-label="Help">
      <form method="dialog">
        <h2>Keys</h2>
        <Pairs pairs={keys} />
        <h2>Filter</h2>
        <Pairs pairs={filters} />
        <button type="submit">Close</button>
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
