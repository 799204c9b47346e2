import {
  constants,
  limits,
  MEM_APPEND,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_SHARE,
  memAppendFlags,
  memShareFlags,
} from '../../../../schemas/index.js';
import type { InferInput } from '../../../schema/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { refuser } from '../../refusal.js';
import { type MainlineKernel, replyHead } from './kernel.js';

type Entries = InferInput<typeof MEM_LEND.request>;

/** Memory of a new parcel. */
export interface ParcelRequest {
  /** Kind of memory; default NORMAL (0). */
  readonly mem_type?: number;
  /** A value for the receivers; default 0. */
  readonly label?: number;
  /** Who gets access: 1..255 entries. */
  readonly acl_entries: Entries['acl_entries'];
  /** The memory: one range or more. More than 512 are sent in several messages. */
  readonly sgl_entries: Entries['sgl_entries'];
  /** Refused if it is there and not MEM_HANDLE_INVALID. */
  readonly mem_handle?: number;
}

/** The clients count the ACL in 8 bits. */
const ACL_COUNT_MAX = 255;
const { APPEND } = memShareFlags.bits;
const { END } = memAppendFlags.bits;

/** @throws HostError (EINVAL) for what the clients refuse without sending anything (client.md, section 4). */
function checkParcel(call: string, { acl_entries, sgl_entries, mem_handle }: ParcelRequest): void {
  const refuse = (path: string, expected: string, actual: number) => {
    throw refuser(call, path)('EINVAL', 'range', expected, actual);
  };
  const { length } = acl_entries;
  if (length === 0 || length > ACL_COUNT_MAX) refuse('acl_entries', `1..${ACL_COUNT_MAX} entries`, length);
  if (sgl_entries.length === 0) refuse('sgl_entries', '1 entry or more', 0);
  if (mem_handle !== undefined && mem_handle !== constants.MEM_HANDLE_INVALID)
    refuse('mem_handle', 'no handle yet', mem_handle);
}

/** The calls that give memory to VMs and reclaim it (client.md, section 4). */
export function memoryCalls(kernel: MainlineKernel) {
  const { platform } = kernel;

  function* append(mem_handle: number, entries: Entries['sgl_entries']): Calling<void> {
    const size = limits.mem_list_entries;
    for (let start = 0; start < entries.length; start += size) {
      const flags = start + size >= entries.length ? END : 0;
      yield* kernel.exchange(MEM_APPEND, {
        mem_handle,
        flags,
        sgl_entries: entries.slice(start, start + size),
      });
    }
  }

  function* give(message: typeof MEM_LEND, parcel: ParcelRequest): Calling<number> {
    checkParcel(message.name, parcel);
    const refused = platform.preMemShare?.();
    if (refused !== undefined) throw refuser(message.name)(refused, 'platform', 'consent', refused);
    const { mem_type = 0, label = 0, acl_entries, sgl_entries } = parcel;
    const first = sgl_entries.slice(0, limits.mem_list_entries);
    const rest = sgl_entries.slice(limits.mem_list_entries);
    const flags = rest.length > 0 ? APPEND : 0;
    const attr_entries: Entries['attr_entries'] = [];
    const request = { mem_type, flags, label, acl_entries, sgl_entries: first, attr_entries };
    let reply: Uint8Array;
    try {
      reply = yield* kernel.exchange(message, request);
    } catch (error) {
      platform.postMemReclaim?.();
      throw error;
    }
    const mem_handle = replyHead(message.name, reply, 4).getUint32(0, true);
    try {
      yield* append(mem_handle, rest);
    } catch (error) {
      // The failed append is the error to return, whether or not RM gives the parcel back.
      yield* attempt(memReclaim(mem_handle));
      throw error;
    }
    return mem_handle;
  }

  function* memReclaim(mem_handle: number): Calling<void> {
    yield* kernel.exchange(MEM_RECLAIM, { mem_handle, flags: 0 });
    platform.postMemReclaim?.();
  }

  /** v17 and a15 have this function only. It lends if there is one receiver. */
  function memShare(parcel: ParcelRequest): Calling<number> {
    const lends = kernel.generation.memShare === 'by_acl_count' && parcel.acl_entries.length === 1;
    return give(lends ? MEM_LEND : MEM_SHARE, parcel);
  }

  return {
    /**
     * Makes a parcel that only its receivers use. EINVAL, without sending anything, for no memory, an ACL of 0 or more than
     * 255 entries, or a handle. If a part cannot be appended, the parcel is reclaimed.
     *
     * @returns the handle, which the caller owns until {@link memReclaim}.
     */
    memLend: (parcel: ParcelRequest) => give(MEM_LEND, parcel),
    /** As {@link memLend}, but the caller keeps using the memory, and is in the ACL itself. */
    memShare,
    /** Reclaims a parcel that all receivers have released. */
    memReclaim,
  };
}
