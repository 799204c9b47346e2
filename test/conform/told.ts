import { protocol } from '../../schemas/index.js';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { decodeMessages, recordKeys } from '../../src/sim/index.js';

/** VMID of the manager. */
export const RM = 255;

/** A line of a recording. */
export interface RecordedLine {
  readonly scenario?: string;
  readonly platform?: { readonly hlos_owns_io?: boolean; readonly debug_build?: boolean };
  readonly op?: string;
  readonly why?: string;
  readonly file?: string;
  readonly address?: string;
  readonly from?: number;
  readonly frame?: string;
  readonly out?: readonly { readonly to: number; readonly frame: string }[];
  readonly panic?: string;
  readonly refused?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** A request that was answered, and changed something as far as the traffic tells. */
export interface Change {
  readonly from: number;
  readonly name: string;
  readonly request: unknown;
  readonly reply: unknown;
}

/** A message id as it is written in queue messages. */
export const idText = (id: number) => formatHex(Uint8Array.of(id, id >>> 8, id >>> 16, id >>> 24));
const halfWord = (value: number) => formatHex(Uint8Array.of(value, value >>> 8));
/** Ids of requests that only ask, as they are written in queue messages. */
const asking = new Set(
  protocol.messages.filter(({ name }) => /(^|_)(GET|LOOKUP)_/.test(name)).map(({ id }) => idText(id)),
);
const PLAIN_TREE = 'vm.dtb';
/** At least the size of that tree, the plain one. Bytes. */
const TREE_SIZE = 0x1000n;
const CONTINUATION = 0;
const MAX_FRAGMENTS = 62;

/** The latest message of a VM, as far as it has come. Queue messages in hexadecimal. */
interface Request {
  /** Sequence number and message id. */
  readonly key: string;
  /** Second byte of the header: type and number of continuations. */
  readonly second: number;
  readonly frames: string[];
  /** Continuations that are missing. */
  left: number;
}

/** Everything that the traffic of one boot tells of the state of the manager. */
export class Told {
  readonly changes: Change[] = [];
  /** By VMID, since the VM was made. */
  readonly #vms = new Map<number, Change[]>();
  /** VMs that a parcel was given to, by handle. */
  readonly #parcels = new Map<unknown, readonly number[]>();
  readonly #requests = new Map<number, Request>();
  /** What comes may not be answered at once any more, or the boot is over. */
  isUnclear = false;
  /** Physical address of the plain devicetree, if no other one was loaded. */
  #tree: bigint | 'other' | undefined;

  isKnown(vmid: number): boolean {
    return this.#vms.has(vmid);
  }

  /** The VM was configured with the plain devicetree, wholly in its image. */
  hasPlainTree(changes: readonly Change[]): boolean {
    const fieldsOf = (name: string) =>
      changes.find((change) => change.name === name)?.request as Fields | undefined;
    const [region] = (fieldsOf('MEM_LEND')?.sgl_entries ?? []) as readonly Record<'ipa' | 'size', string>[];
    const { dtb_offset = 0, dtb_size = 0 } = (fieldsOf('VM_CONFIG_IMAGE') ?? {}) as Record<string, string>;
    if (region === undefined || typeof this.#tree !== 'bigint') return false;
    const end = BigInt(dtb_offset) + BigInt(dtb_size);
    return (
      this.#tree === BigInt(region.ipa) + BigInt(dtb_offset) &&
      BigInt(dtb_size) >= TREE_SIZE &&
      end <= BigInt(region.size)
    );
  }

  /** A message of this VM is in progress, and the queue message may belong to it. */
  isContinued(from: number, frame: string): boolean {
    return (
      (this.#requests.get(from)?.left ?? 0) > 0 &&
      (Number.parseInt(frame.slice(2, 4), 16) & 3) === CONTINUATION
    );
  }

  /** What was done to each VM. @param line only to VMs that it may be about. */
  historiesOf(line: RecordedLine | undefined): readonly (readonly Change[])[] {
    const all = [...this.#vms];
    const { from, frame = '' } = line ?? {};
    const some =
      line === undefined ? all : all.filter(([vmid]) => vmid === from || frame.includes(halfWord(vmid)));
    return some.map(([, changes]) => changes);
  }

  put(line: RecordedLine): void {
    const { from, frame, out = [] } = line;
    if (from === undefined || frame === undefined || line.op !== undefined || line.refused !== undefined) {
      if (line.op === 'load')
        this.#tree =
          line.file === PLAIN_TREE && this.#tree === undefined ? BigInt(line.address ?? 0) : 'other';
      if (line.op !== 'load' && line.op !== 'remark') this.isUnclear = true;
      return;
    }
    if (line.panic !== undefined) this.isUnclear = true;
    this.#follow(from, frame);
    const reply = out.find((own) => own.to === from && own.frame.slice(2, 4) === '02')?.frame;
    const tells = out.some((own) => own.frame.slice(2, 4) === '03');
    const isOk = reply?.slice(16, 24) === '00000000';
    if (tells || (isOk && !asking.has(reply?.slice(8, 16) ?? ''))) this.#note(line as Required<RecordedLine>);
  }

  /** As the manager puts messages together: what is malformed, and continuations that do not fit, are dropped. */
  #follow(from: number, frame: string): void {
    const [version, second, key] = [
      frame.slice(0, 2),
      Number.parseInt(frame.slice(2, 4), 16),
      frame.slice(4, 16),
    ];
    if (frame.length < 16 || version !== '21' || second >> 2 > MAX_FRAGMENTS) return;
    const open = this.#requests.get(from);
    if ((second & 3) !== CONTINUATION)
      this.#requests.set(from, { key, second, frames: [frame], left: second >> 2 });
    else if (open?.key === key && open.second >> 2 === second >> 2 && open.left > 0) {
      open.frames.push(frame);
      open.left--;
    }
  }

  #note({ from, out }: Required<RecordedLine>): void {
    const parts = this.#requests.get(from)?.frames ?? [];
    const records = decodeMessages([
      ...parts.map((hex) => ({ from, to: RM, frame: parseHex(hex) as Uint8Array })),
      ...out.map(({ to, frame }) => ({ from: RM, to, frame: parseHex(frame) as Uint8Array })),
    ]);
    const keys = records.map((record): Fields => ({ from: record.from, ...recordKeys(record) }));
    const request = keys.findLast((own) => own.from === from && own.type === 'request') as Fields | undefined;
    const reply = keys.find((own) => own.from === RM && own.type === 'reply') as Fields | undefined;
    const name = `${request?.name}${reply?.error === 'OK' ? '' : ` ${reply?.error}`}`;
    const change = { from, name, request: request?.payload, reply: reply?.payload };
    this.changes.push(change);
    this.#tell(change);
  }

  #tell(change: Change): void {
    const { from, name, request, reply } = change;
    const vmid = numbersOf(reply, 'vmid')[0];
    if (name === 'VM_ALLOC_VMID') {
      const made = vmid ?? numbersOf(request, 'vmid')[0];
      if (made !== undefined) this.#vms.set(made, [change]);
      return;
    }
    const handle = numbersOf(reply, 'mem_handle')[0];
    const named = [from, ...numbersOf(request, 'vmid')];
    if (handle !== undefined) this.#parcels.set(handle, named);
    const all = [
      ...named,
      ...numbersOf(request, 'mem_handle').flatMap((own) => this.#parcels.get(own) ?? []),
    ];
    const vms = new Set(all.filter((own) => this.#vms.has(own)));
    // What names no VM may be about any.
    for (const own of vms.size === 0 ? this.#vms.keys() : vms) this.#vms.get(own)?.push(change);
    if (name === 'VM_DEALLOC_VMID') for (const own of numbersOf(request, 'vmid')) this.#vms.delete(own);
  }
}

/** Numbers of a name, anywhere in a value. */
export function numbersOf(value: unknown, name: string): number[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, own]) =>
    key === name && typeof own === 'number' ? [own] : numbersOf(own, name),
  );
}
