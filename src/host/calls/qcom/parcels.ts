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
import { concatenated } from '../../../base/bytes.js';
import { codecOf } from '../../../codec/index.js';
import type { InferInput } from '../../../schema/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { decodeReply } from '../call.js';
import { firmwareIsLegacy } from './firmware.js';
import { qcomHazards } from './hazards.js';
import { fail, type QcomKernel, refuse } from './kernel.js';

type Entries = InferInput<typeof MEM_SHARE.request>;

/** Memory of a new parcel, or of a parcel to look up. */
export interface QcomParcelRequest {
  /** NORMAL (0, default) or IO (1). */
  readonly mem_type?: number;
  /** Bit 0: clear the memory first. EINVAL for others. Not used for a lookup. Default 0. */
  readonly flags?: number;
  /** A value for the receivers; default 0. */
  readonly label?: number;
  /** Who gets access: one entry or more. */
  readonly acl_entries: Entries['acl_entries'] | undefined;
  /** The memory: one range or more. */
  readonly sgl_entries: Entries['sgl_entries'];
  /** Memory attributes. EINVAL for an empty list. */
  readonly attr_entries?: Entries['attr_entries'];
}

interface CheckedParcel extends Required<QcomParcelRequest> {
  readonly acl_entries: Entries['acl_entries'];
  readonly attr_entries: NonNullable<Entries['attr_entries']>;
}

const { SANITIZE, APPEND } = memShareFlags.bits;
const { END } = memAppendFlags.bits;
const ALL_RIGHTS = memRights.bits.R | memRights.bits.W | memRights.bits.X;
const LIST_MAX = limits.mem_list_entries;

/** @throws HostError (EINVAL) for flags that the driver does not send. */
export function checkFlags(call: string, flags: number, mask: number): void {
  if ((flags & ~mask) !== 0) refuse(call, 'flags', `bits of 0x${(mask >>> 0).toString(16)}`, flags);
}

/** @throws HostError (EINVAL) for an unknown kind of memory. */
export function checkMemType(call: string, value: number): void {
  const { NORMAL, IO } = memType.values;
  if (value !== NORMAL && value !== IO) refuse(call, 'mem_type', 'NORMAL or IO', value);
}

/** The request with defaults filled in. @throws HostError (EINVAL) for what is refused (client.md, section 4). */
function checkParcel(call: string, request: QcomParcelRequest): CheckedParcel {
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

export function parcelCalls(kernel: QcomKernel) {
  /**
   * Adds up to 512 ranges to an incomplete parcel. Bit 0 of the flags completes it. EINVAL for other flags and longer
   * lists.
   */
  function* memAppend(mem_handle: number, flags: number, entries: Entries['sgl_entries']): Calling<void> {
    const { name } = MEM_APPEND;
    checkFlags(name, flags, END);
    if (entries.length > LIST_MAX) refuse(name, 'sgl_entries', `0..${LIST_MAX} entries`, entries.length);
    yield* kernel.call(MEM_APPEND, { mem_handle, flags, sgl_entries: entries });
  }

  function* give(message: typeof MEM_SHARE, request: QcomParcelRequest): Calling<number> {
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
      yield* attempt(memReclaim(kernel, mem_handle, 0));
      throw error;
    }
    return mem_handle;
  }

  return {
    /**
     * Creates a parcel whose memory the caller keeps using. More than 512 ranges are sent in several messages; if one of them
     * fails, the parcel is reclaimed. EINVAL for a reply of a wrong size.
     *
     * @returns the handle, which the caller owns until {@link memReclaim}.
     */
    memShare: (request: QcomParcelRequest) => give(MEM_SHARE, request),

    /** As `memShare`, but only the receivers use the memory. */
    memLend: (request: QcomParcelRequest) => give(MEM_LEND, request),

    /** Donates memory to one VM with all rights (else EINVAL). Old firmware accepts one range only. */
    *memDonate(request: QcomParcelRequest): Calling<number> {
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
     * The handle of a parcel with this memory and ACL, which firmware has created. With more than 512 ranges the real client
     * sends a malformed request.
     */
    *memQcomLookupSgl(request: QcomParcelRequest): Calling<number> {
      const { name } = MEM_QCOM_LOOKUP_SGL;
      const { mem_type, label, acl_entries, sgl_entries, attr_entries } = checkParcel(name, request);
      const first = sgl_entries.slice(0, LIST_MAX);
      const missing = sgl_entries.length - first.length;
      if (missing > 0) {
        const actual = sgl_entries.length;
        const fault = { code: 'range', path: 'sgl_entries', expected: `1..${LIST_MAX} entries`, actual };
        kernel.fault(name, 'local', fault, qcomHazards.lookup_sgl_cut_off);
      }
      const told = { mem_type, label, acl_entries, sgl_entries: first, attr_entries };
      const zeros = new Uint8Array(missing * sglEntry.sizeMin);
      const payload = concatenated([codecOf(MEM_QCOM_LOOKUP_SGL.request).toBytes(told), zeros]);
      const reply = yield* kernel.send(MEM_QCOM_LOOKUP_SGL, payload);
      const { mem_handle } = decodeReply(MEM_QCOM_LOOKUP_SGL, reply, 'EINVAL');
      kernel.report(qcomHazards.lost_reply);
      return mem_handle;
    },

    /** Reclaims a parcel that all receivers have released. Bit 0 of the flags clears the memory. */
    memReclaim: (mem_handle: number, flags = 0) => memReclaim(kernel, mem_handle, flags),
  };
}
