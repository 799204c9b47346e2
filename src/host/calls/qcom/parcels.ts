import {
  limits,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  MEM_SHARE,
  memAppendFlags,
  memReclaimFlags,
  memRights,
  memShareFlags,
  memType,
  sglEntry,
} from '../../../../schemas/index.js';
import { codecOf } from '../../../codec/index.js';
import type { InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { firmwareIsLegacy } from './firmware.js';
import { qcomHazards } from './hazards.js';
import { append, decodeReply, fail, type QcomKernel, refuse } from './kernel.js';

type Entries = InferInput<typeof MEM_SHARE.request>;

/** Memory that is to become a parcel, or to be found as one. */
export interface ParcelRequest {
  /** NORMAL (0) or IO (1); NORMAL unless told. */
  readonly mem_type?: number;
  /** Bit 0: clear the memory first; others are refused. Not for looking up. 0 unless told. */
  readonly flags?: number;
  /** Free value that the receivers are told; 0 unless told. */
  readonly label?: number;
  /** Who gets access: one entry or more. */
  readonly acl_entries: Entries['acl_entries'] | undefined;
  /** The memory: one range or more. */
  readonly sgl_entries: Entries['sgl_entries'];
  /** Memory attributes; none unless told, but an empty list is refused. */
  readonly attr_entries?: Entries['attr_entries'];
}

interface Given extends Required<ParcelRequest> {
  readonly acl_entries: Entries['acl_entries'];
  readonly attr_entries: NonNullable<Entries['attr_entries']>;
}

const { SANITIZE, APPEND } = memShareFlags.bits;
const { END } = memAppendFlags.bits;
const ALL_RIGHTS = memRights.bits.R | memRights.bits.W | memRights.bits.X;
const LIST_MAX = limits.mem_list_entries;

/** @throws HostError (EINVAL) for flags that the driver does not pass on. */
export function checkFlags(call: string, flags: number, mask: number): void {
  if ((flags & ~mask) !== 0) refuse(call, 'flags', `bits of 0x${(mask >>> 0).toString(16)}`, flags);
}

/** @throws HostError (EINVAL) for a kind of memory that the driver does not know. */
export function checkMemType(call: string, value: number): void {
  const { NORMAL, IO } = memType.values;
  if (value !== NORMAL && value !== IO) refuse(call, 'mem_type', 'NORMAL or IO', value);
}

/** The request with all its parts. @throws HostError (EINVAL) for what is refused (client.md, section 4). */
function checkParcel(call: string, request: ParcelRequest): Given {
  const { mem_type = 0, flags = 0, label = 0, acl_entries = [], sgl_entries, attr_entries } = request;
  checkMemType(call, mem_type);
  checkFlags(call, flags, SANITIZE);
  for (const [path, entries] of Object.entries({ acl_entries, sgl_entries, attr_entries })) {
    if (entries?.length === 0) refuse(call, path, '1 entry or more', 0);
  }
  return { mem_type, flags, label, acl_entries, sgl_entries, attr_entries: attr_entries ?? [] };
}

export function* memReclaim(kernel: QcomKernel, mem_handle: number, flags: number): Calling<void> {
  checkFlags(MEM_RECLAIM.name, flags, memReclaimFlags.bits.SANITIZE);
  yield* kernel.call(MEM_RECLAIM, { mem_handle, flags }, 'EBADMSG');
}

/** Runs a call whose failure changes nothing: another one is being reported, or there is nothing to be done. */
export function* ignoringFailure(calling: Calling<unknown>): Calling<void> {
  try {
    yield* calling;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

/** The calls that make parcels and take them back. */
export function parcelCalls(kernel: QcomKernel) {
  /**
   * Adds up to 512 ranges to a parcel that is not complete; bit 0 of the flags completes it. Other flags and longer lists
   * are refused.
   */
  function* memAppend(mem_handle: number, flags: number, entries: Entries['sgl_entries']): Calling<void> {
    const { name } = MEM_APPEND;
    checkFlags(name, flags, END);
    if (entries.length > LIST_MAX) refuse(name, 'sgl_entries', `0..${LIST_MAX} entries`, entries.length);
    yield* kernel.call(MEM_APPEND, { mem_handle, flags, sgl_entries: entries });
  }

  function* give(message: typeof MEM_SHARE, request: ParcelRequest): Calling<number> {
    const parcel = checkParcel(message.name, request);
    const { sgl_entries } = parcel;
    const first = sgl_entries.slice(0, LIST_MAX);
    const flags = parcel.flags | (sgl_entries.length > LIST_MAX ? APPEND : 0);
    const { mem_handle } = yield* kernel.call(message, { ...parcel, flags, sgl_entries: first });
    try {
      for (let start = LIST_MAX; start < sgl_entries.length; start += LIST_MAX) {
        const rest = sgl_entries.slice(start, start + LIST_MAX);
        yield* memAppend(mem_handle, start + LIST_MAX >= sgl_entries.length ? END : 0, rest);
      }
    } catch (error) {
      yield* ignoringFailure(memReclaim(kernel, mem_handle, 0));
      throw error;
    }
    return mem_handle;
  }

  return {
    /**
     * Makes a parcel that the caller goes on using. More than 512 ranges go out in several messages; when one of them
     * fails the parcel is reclaimed. A reply of a wrong size is EINVAL.
     *
     * @returns the handle, which the caller owns until {@link memReclaim}.
     */
    memShare: (request: ParcelRequest) => give(MEM_SHARE, request),

    /** Makes a parcel that only its receivers use. As `memShare` otherwise. */
    memLend: (request: ParcelRequest) => give(MEM_LEND, request),

    /** Gives memory away for good, to one VM with all rights, else refused; old firmware takes one range only. */
    *memDonate(request: ParcelRequest): Calling<number> {
      const { name } = MEM_DONATE;
      const { acl_entries, sgl_entries } = request;
      if ((yield* firmwareIsLegacy(kernel)) && sgl_entries.length !== 1)
        refuse(name, 'sgl_entries', '1 entry', sgl_entries.length);
      if (acl_entries === undefined) {
        const fault = { code: 'refused', path: 'acl_entries', expected: '1 entry', actual: 'none' };
        return fail(name, 'EINVAL', 'local', fault, qcomHazards.donate_without_acl);
      }
      const [receiver] = acl_entries;
      if (receiver === undefined || acl_entries.length > 1)
        return refuse(name, 'acl_entries', '1 entry', acl_entries.length);
      if (receiver.rights !== ALL_RIGHTS) refuse(name, 'acl_entries[0].rights', 'RWX', receiver.rights);
      return yield* give(MEM_DONATE, request);
    },

    memAppend,

    /**
     * The handle of a parcel with this memory and ACL, which firmware made. Above 512 ranges the real client sends what
     * nobody can read.
     */
    *memQcomLookupSgl(request: ParcelRequest): Calling<number> {
      const { name } = MEM_QCOM_LOOKUP_SGL;
      const { mem_type, label, acl_entries, sgl_entries, attr_entries } = checkParcel(name, request);
      const first = sgl_entries.slice(0, LIST_MAX);
      const missing = sgl_entries.length - first.length;
      if (missing > 0) {
        const actual = sgl_entries.length;
        const fault = { code: 'range', path: 'sgl_entries', expected: `1..${LIST_MAX} entries`, actual };
        kernel.fault(name, 'EINVAL', 'local', fault, qcomHazards.lookup_sgl_cut_off);
      }
      const told = { mem_type, label, acl_entries, sgl_entries: first, attr_entries };
      const zeros = new Uint8Array(missing * sglEntry.sizeMin);
      const payload = append(codecOf(MEM_QCOM_LOOKUP_SGL.request).toBytes(told), zeros);
      const reply = yield* kernel.send(MEM_QCOM_LOOKUP_SGL, payload);
      const { mem_handle } = decodeReply(MEM_QCOM_LOOKUP_SGL, reply, 'EINVAL');
      kernel.report(qcomHazards.lost_reply);
      return mem_handle;
    },

    /** Takes a parcel back that no receiver has accepted any more; bit 0 of the flags clears it. */
    memReclaim: (mem_handle: number, flags = 0) => memReclaim(kernel, mem_handle, flags),
  };
}
