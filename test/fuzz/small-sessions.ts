import {
  MEM_APPEND,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_SHARE,
  protocol,
  VM_ALLOC_VMID,
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
  VM_RESET,
  VM_SET_CRASH_MSG,
  VM_START,
  VM_STOP,
} from '../../schemas/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import type { Message } from '../../src/schema/index.js';

const HLOS = 3;
/** The VM that the sessions allocate. */
const VM = 0x80;
const FIRST_HANDLE = 1;
const PAGE = 0x1000n;

/** A queue message and its sender. */
export interface SmallStep {
  readonly from: number;
  readonly frame: Uint8Array;
}

interface Request {
  readonly from: number;
  readonly message: Message;
  readonly payload: Readonly<Record<string, unknown>>;
}

const hlos = (message: Message, payload: Request['payload'] = { vmid: VM }): Request => ({
  from: HLOS,
  message,
  payload,
});
const guest = (message: Message, payload: Request['payload']): Request => ({ from: VM, message, payload });

/** Number of a label or mark of four letters. */
const letters = (text: string) => Buffer.from(text, 'latin1').readUInt32LE();
const text = (...parts: readonly (string | readonly number[])[]) =>
  Uint8Array.from(
    Buffer.concat(
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
    ),
  );

const ranges = (count: number, pages = 16n) =>
  Array.from({ length: count }, (_, index) => ({ ipa: BigInt(index) * 0x100000n, size: pages * PAGE }));
const parcel = (label: string, members: readonly number[], others: Request['payload'] = {}) => ({
  mem_type: 0,
  flags: 0,
  label: letters(label),
  acl_entries: members.map((vmid) => ({ vmid, rights: 6 })),
  sgl_entries: ranges(1),
  ...others,
});
const configured = (auth_mech: number) => [
  hlos(VM_ALLOC_VMID, { vmid: 0 }),
  hlos(MEM_LEND, parcel('IMAG', [VM])),
  hlos(VM_CONFIG_IMAGE, {
    ...{ vmid: VM, auth_mech, mem_handle: FIRST_HANDLE, image_offset: 0n, image_size: PAGE },
    ...{ dtb_offset: PAGE, dtb_size: PAGE },
  }),
];
const ready = [...configured(0), hlos(VM_INIT)];
const alloc = hlos(VM_ALLOC_VMID, { vmid: 0 });
const watchdog = hlos(VM_IRQ_LEND, { borrower: VM, virq: 7, label: letters('WDOG') });
const dump = hlos(MEM_SHARE, parcel('DUMP', [HLOS, VM]));

/** The shortest session to each defect of small-manager.c, and the function in which it dies. */
const sessions: readonly (readonly [place: string, requests: readonly Request[]])[] = [
  ['lend_interrupt', [hlos(VM_IRQ_LEND, { borrower: VM, virq: 1020, label: 0 })]],
  ['set_crash_message', [hlos(VM_SET_CRASH_MSG, { message: text('REPT', [193, 0], 'abcd') })]],
  ['create_parcel', [alloc, hlos(MEM_SHARE, parcel('RING', [HLOS, VM], { sgl_entries: ranges(1, 3n) }))]],
  [
    'add_attributes',
    [
      alloc,
      hlos(
        MEM_SHARE,
        parcel('DATA', [HLOS, VM], {
          attr_entries: [
            { attr: 0, vmid: VM },
            { attr: 4, vmid: VM },
          ],
        }),
      ),
    ],
  ],
  [
    'append',
    [
      alloc,
      hlos(MEM_LEND, parcel('HEAP', [VM], { flags: 2 })),
      hlos(MEM_APPEND, { mem_handle: FIRST_HANDLE, flags: 1, sgl_entries: ranges(8) }),
    ],
  ],
  [
    'auth_image',
    [
      ...configured(1),
      hlos(VM_AUTH_IMAGE, {
        vmid: VM,
        auth_params: [{ auth_param_type: letters('HASH'), auth_param: 65 }],
      }),
    ],
  ],
  ['reclaim_interrupt', [alloc, watchdog, hlos(VM_DEALLOC_VMID), hlos(VM_IRQ_RECLAIM, { virq_handle: 1 })]],
  ['read_report', [...ready, guest(VM_SET_CRASH_MSG, { message: text('REPTOOPS', [17, 0]) })]],
  [
    'show',
    [
      ...ready,
      guest(VM_CONSOLE_OPEN, { vmid: 0 }),
      guest(VM_CONSOLE_WRITE, { vmid: 0, data: text([0x1b], ']52;') }),
    ],
  ],
  ['add_dump', [...ready, dump, dump, dump]],
  [
    'borrow_interrupt',
    [
      ...ready,
      watchdog,
      guest(VM_IRQ_ACCEPT, { virq_handle: 1, virq: 7 }),
      hlos(VM_START),
      guest(VM_IRQ_RELEASE, { virq_handle: 1 }),
    ],
  ],
  [
    'reclaim',
    [
      ...ready,
      hlos(VM_START),
      hlos(VM_STOP, { vmid: VM, flags: 1, stop_reason: letters('FRZE') }),
      hlos(VM_RESET),
      hlos(MEM_RECLAIM, { mem_handle: FIRST_HANDLE, flags: 0 }),
    ],
  ],
];

export interface SmallSession {
  readonly defect: number;
  readonly place: string;
  readonly steps: readonly SmallStep[];
}

/** Requests of HLOS have even sequence numbers, those of VMs odd ones, as small-manager-frames.c wants it. */
export const smallSessions: readonly SmallSession[] = sessions.map(([place, requests], index) => ({
  defect: index + 1,
  place,
  steps: requests.flatMap(({ from, message, payload }, number) =>
    encodeMessage(protocol, message, 'request', {
      seq: 2 * number + (from === HLOS ? 0 : 1),
      payload: payload as never,
    }).map((frame) => ({ from, frame })),
  ),
}));
