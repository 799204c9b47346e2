import { MEM_RECLAIM, memRights, type SglEntry } from '../../../schemas/index.js';
import type { CallEffect, Calling } from '../effect.js';
import { HostError } from '../error.js';
import { generations } from '../generations.js';
import type { AddressRange } from './addresses.js';
import type { Running } from './effects.js';
import type { GunyahVm } from './vm.js';

const { R, W, X } = memRights.bits;
/** What the host's own entry in an ACL always says. */
export const HOST_RIGHTS = R | W | X;

/** Contiguous memory of the host that is meant for a VM. Bytes. */
export interface Piece {
  readonly guestAddress: bigint;
  /** Physical. */
  readonly address: bigint;
  readonly size: bigint;
  /** Gives it back to the host, once neither RM nor the VM has it. */
  readonly release: () => void;
}

/** Memory of a VM on its way to RM and back. */
export interface ParcelOptions {
  /** As in errors: `region[label 2]`, `dtb`. */
  readonly path: string;
  /** What RM is told. */
  readonly label: number;
  /** Guest rights, as `mem_rights`. */
  readonly rights: number;
  /** VMID of the host when it keeps its access; undefined: the memory is lent. */
  readonly sharedWith: number | undefined;
  readonly pieces: readonly Piece[];
}

/** One parcel: memory that RM has, or may have. */
export class Parcel {
  /** Undefined: RM has not made it, or has given it back. */
  handle: number | undefined;
  /** RM may have made it: no reply told. */
  uncertain = false;

  constructor(readonly options: ParcelOptions) {}

  get path(): string {
    return this.options.path;
  }

  /** RM has the memory, or may have it. */
  get isHeld(): boolean {
    return this.handle !== undefined || this.uncertain;
  }

  get isShared(): boolean {
    return this.options.sharedWith !== undefined;
  }

  /** Guest addresses of the pieces, which follow each other. */
  get range(): AddressRange {
    const { pieces } = this.options;
    const start = pieces[0]?.guestAddress ?? 0n;
    return { start, size: pieces.reduce((sum, { size }) => sum + size, 0n) };
  }

  /** As RM is told. */
  get entries(): SglEntry[] {
    return this.options.pieces.map(({ address: ipa, size }) => ({ ipa, size }));
  }

  /** Gives the memory back to the host, once RM has nothing of it. */
  release(): void {
    for (const piece of this.options.pieces) piece.release();
  }
}

/** ACL that RM is told: the guest first. */
export function aclOf(vmid: number, { rights, sharedWith }: ParcelOptions) {
  const guest = { vmid, rights };
  return sharedWith === undefined ? [guest] : [guest, { vmid: sharedWith, rights: HOST_RIGHTS }];
}

/**
 * Gives a parcel to RM: MEM_LEND or MEM_SHARE, and MEM_APPEND for what is above 512 entries. Afterwards, failed or not,
 * the parcel says what RM has: when an append failed, the client has tried to reclaim it.
 *
 * @throws HostError of the call that failed.
 */
export function* giveParcel(vm: GunyahVm, parcel: Parcel): Running<void> {
  const request = {
    label: parcel.options.label,
    acl_entries: aclOf(vm.vmid, parcel.options),
    sgl_entries: parcel.entries,
  };
  // Where there is one function, it lends to a single receiver.
  const { memShare } = generations[vm.generation.name];
  const lends = !parcel.isShared && memShare === 'separate_calls';
  const give = lends ? vm.calls.memLend : vm.calls.memShare;
  const watch = ({ message }: CallEffect, reply: Uint8Array): void => {
    parcel.handle = message === MEM_RECLAIM ? undefined : (parcel.handle ?? handleIn(reply));
    parcel.uncertain = message !== MEM_RECLAIM && parcel.handle === undefined;
  };
  parcel.uncertain = true;
  try {
    yield* vm.ask(watched(give(request), watch));
  } catch (error) {
    // What RM refuses, or was not sent, it has not made.
    if (!(error instanceof HostError) || error.endedBy !== 'reply') parcel.uncertain = false;
    throw error;
  }
}

/** Bytes of a handle. */
const HANDLE_SIZE = 4;

function handleIn(reply: Uint8Array): number | undefined {
  if (reply.length < HANDLE_SIZE) return undefined;
  return new DataView(reply.buffer, reply.byteOffset).getUint32(0, true);
}

/** Runs a client function, and shows each call that RM has answered with OK. */
function* watched<T>(
  calling: Calling<T>,
  answered: (effect: CallEffect, reply: Uint8Array) => void,
): Calling<T> {
  let step = calling.next(new Uint8Array());
  while (!step.done) {
    const effect = step.value;
    let reply: Uint8Array;
    try {
      reply = yield effect;
    } catch (error) {
      step = calling.throw(error);
      continue;
    }
    answered(effect, reply);
    step = calling.next(reply);
  }
  return step.value;
}
