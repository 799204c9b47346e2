import {
  limits,
  MEM_ACCEPT,
  MEM_RELEASE,
  memAcceptFlags,
  memAcceptReplyFlags,
  memReleaseFlags,
  memRights,
  memType,
  type SglEntry,
  transType,
} from '../../../../schemas/index.js';
import { codecOf } from '../../../codec/index.js';
import type { InferInput } from '../../../schema/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { decodeReply } from '../call.js';
import { firmwareIsLegacy } from './firmware.js';
import { NO_SANITIZE } from './generations.js';
import { qcomHazards } from './hazards.js';
import { thisVmid } from './identity.js';
import { fail, isAnswer, type QcomKernel, refuse } from './kernel.js';
import { checkFlags, checkMemType } from './parcels.js';

type Entries = InferInput<typeof MEM_ACCEPT.request>;

/** A parcel that was announced to this VM, and how to check and map it. */
export interface AcceptRequest {
  readonly mem_handle: number;
  /** Default NORMAL (0). */
  readonly mem_type?: number;
  /** DONATE (0), LEND (1) or SHARE (2). */
  readonly trans_type: number;
  /** mem_accept_flags, and for q66 and q612 {@link NO_SANITIZE}. */
  readonly flags: number;
  /** Sent only with VALIDATE_LABEL. */
  readonly label?: number;
  /** What the parcel must have with VALIDATE_ACL_ATTR. Without that flag these lists are a hazard. */
  readonly acl_entries?: Entries['acl_entries'];
  readonly attr_entries?: NonNullable<Entries['attr_entries']>;
  /** Where to map it, at most 512 ranges. If left out, RM chooses. */
  readonly sgl_entries?: Entries['sgl_entries'];
  /** VM that maps it; default 0, this one. */
  readonly map_vmid?: number;
}

const { name } = MEM_ACCEPT;
const { VALIDATE_ACL_ATTR, VALIDATE_LABEL, MAP_CONTIGUOUS, SANITIZE, DONE } = memAcceptFlags.bits;
const { INCOMPLETE } = memAcceptReplyFlags.bits;
/** The driver's own flags are above those that are sent. */
const SENT_FLAGS = 0xff;
/** Bytes of an ACL entry, and of an attribute. */
const VALIDATED_ENTRY_SIZE = 4;
const MALLOC_CLASSES = [8, 16, 32, 64, 96, 128, 192, 256];

/** Bytes that the kernel allocates for `size` bytes. Writing past `size` but within them overwrites nothing else. */
function allocatedSize(size: number): number {
  return MALLOC_CLASSES.find((room) => room >= size) ?? 2 ** Math.ceil(Math.log2(size));
}

/** @throws HostError (EINVAL) for what is refused (client.md, section 4). */
function checkRequest(kernel: QcomKernel, request: AcceptRequest): void {
  const { mem_type = memType.values.NORMAL, trans_type, flags, sgl_entries } = request;
  checkMemType(name, mem_type);
  if (!Object.values<number>(transType.values).includes(trans_type))
    refuse(name, 'trans_type', 'DONATE, LEND or SHARE', trans_type);
  checkFlags(name, flags, kernel.generation.acceptFlags);
  const max = limits.mem_list_entries;
  if (sgl_entries !== undefined && sgl_entries.length > max)
    refuse(name, 'sgl_entries', `0..${max} entries`, sgl_entries.length);
  const checked = (request.acl_entries?.length ?? 0) + (request.attr_entries?.length ?? 0);
  if ((flags & VALIDATE_ACL_ATTR) !== 0 && checked === 0)
    refuse(name, 'acl_entries', 'an ACL or attributes with VALIDATE_ACL_ATTR', 0);
}

/** SANITIZE, by which RM clears the parcel when it is released, if q66 and q612 add it; else 0. */
function* sanitizeFlag(kernel: QcomKernel, request: AcceptRequest): Calling<number> {
  const { mem_type, trans_type, flags, acl_entries = [] } = request;
  if (!kernel.generation.sanitizes || (yield* firmwareIsLegacy(kernel))) return 0;
  if ((flags & NO_SANITIZE) !== 0) return 0;
  if (mem_type === memType.values.IO || trans_type === transType.values.SHARE) return 0;
  let self: number;
  try {
    self = yield* thisVmid(kernel);
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return SANITIZE;
  }
  const readOnly = acl_entries.some(({ vmid, rights }) => vmid === self && (rights & memRights.bits.W) === 0);
  return readOnly ? 0 : SANITIZE;
}

/** The request with all lists, and the number of bytes for which the driver makes room and which it sends. */
function encodeRequest(request: AcceptRequest, flags: number): { payload: Uint8Array; size: number } {
  const { mem_handle, mem_type = memType.values.NORMAL, trans_type, label = 0, map_vmid = 0 } = request;
  const { acl_entries = [], attr_entries = [], sgl_entries = [] } = request;
  const payload = codecOf(MEM_ACCEPT.request).toBytes({
    ...{ mem_handle, mem_type, trans_type, flags },
    label: (flags & VALIDATE_LABEL) === 0 ? 0 : label,
    ...{ acl_entries, sgl_entries, map_vmid, attr_entries },
  });
  const checked = (flags & VALIDATE_ACL_ATTR) !== 0;
  const unchecked = checked ? 0 : (acl_entries.length + attr_entries.length) * VALIDATED_ENTRY_SIZE;
  return { payload, size: payload.length - unchecked };
}

/**
 * @throws HostError with the hazard when the driver would send its request without the tail, if careful or if writing
 * that tail crashes it.
 */
function checkRoom(kernel: QcomKernel, request: AcceptRequest): void {
  const { payload, size } = encodeRequest(request, request.flags & SENT_FLAGS);
  if (payload.length === size) return;
  const expected = `${size} bytes without VALIDATE_ACL_ATTR`;
  const fault = { code: 'payload_size', path: 'acl_entries', expected, actual: payload.length };
  const { acceptOverruns } = kernel.generation;
  const hazard = acceptOverruns ? qcomHazards.accept_overruns_request : qcomHazards.accept_cut_off;
  if (acceptOverruns && payload.length > allocatedSize(size)) fail(name, 'EINVAL', 'local', fault, hazard);
  kernel.fault(name, 'local', fault, hazard);
}

/** One reply's part of the list of mapped ranges. */
interface AcceptedRanges {
  readonly entries: readonly SglEntry[];
  readonly more: boolean;
}

const noRanges: AcceptedRanges = { entries: [], more: false };

/** The ranges in a reply. @throws HostError (EINVAL) when it should have some and is empty. */
function readRanges(kernel: QcomKernel, reply: Uint8Array, hasList: boolean): AcceptedRanges {
  const expected = hasList ? 'empty' : 'a list';
  const fault = { code: 'reply_size', expected, actual: reply.length };
  if (reply.length === 0) return hasList ? noRanges : fail(name, 'EINVAL', 'reply', fault);
  const ranges = hasList ? undefined : tryRead(reply);
  if (ranges === undefined) {
    kernel.fault(name, 'reply', fault, qcomHazards.accept_malformed_reply);
    return noRanges;
  }
  if (ranges.more && ranges.entries.length === 0) {
    const endless = { code: 'no_progress', path: 'sgl_entries', expected: '1 entry or more', actual: 0 };
    kernel.fault(name, 'reply', endless, qcomHazards.accept_without_end);
  }
  return ranges;
}

function tryRead(reply: Uint8Array): AcceptedRanges | undefined {
  try {
    const { sgl_entries = [], flags = 0 } = decodeReply(MEM_ACCEPT, reply, 'EINVAL');
    return { entries: sgl_entries, more: (flags & INCOMPLETE) !== 0 };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return undefined;
  }
}

export function acceptCalls(kernel: QcomKernel) {
  /** Releases an accepted parcel. Bit 0 of the flags clears the memory. EINVAL for others. */
  function* memRelease(mem_handle: number, flags = 0): Calling<void> {
    checkFlags(MEM_RELEASE.name, flags, memReleaseFlags.bits.SANITIZE);
    yield* kernel.call(MEM_RELEASE, { mem_handle, flags }, 'EBADMSG');
  }

  function* send(request: AcceptRequest, flags: number): Calling<Uint8Array> {
    const { payload, size } = encodeRequest(request, flags);
    return yield* kernel.send(MEM_ACCEPT, payload.subarray(0, size));
  }

  /** Repeats the call until RM has returned the whole list. @param onAccepted called when RM has accepted the parcel. */
  function* gather(
    request: AcceptRequest,
    flags: number,
    onAccepted: () => void,
  ): Calling<readonly SglEntry[]> {
    const parts: (readonly SglEntry[])[] = [];
    let count = 0;
    let ranges: AcceptedRanges;
    do {
      const reply = yield* send(request, flags);
      onAccepted();
      ranges = readRanges(kernel, reply, request.sgl_entries !== undefined);
      parts.push(ranges.entries);
      count += ranges.entries.length;
      const max = kernel.generation.acceptedEntriesMax;
      if (count > max)
        fail(name, 'ENOMEM', 'reply', { code: 'entries', path: 'sgl_entries', expected: max, actual: count });
    } while (ranges.more);
    if (parts.length > 1 && !kernel.careful) {
      kernel.report(qcomHazards.accept_parts_reversed);
      parts.reverse();
    }
    return parts.flat();
  }

  return {
    /**
     * Maps a parcel. Without a list RM chooses the addresses, and may return them in several replies. DONE is then sent in a
     * last request of its own. If a request fails after the first, the parcel is released.
     *
     * @returns the given list, or RM's.
     */
    *memAccept(request: AcceptRequest): Calling<readonly SglEntry[]> {
      checkRequest(kernel, request);
      checkRoom(kernel, request);
      const { mem_handle, sgl_entries } = request;
      const flags = (request.flags & SENT_FLAGS) | (yield* sanitizeFlag(kernel, request));
      const contiguous = (flags & MAP_CONTIGUOUS) !== 0 || (yield* firmwareIsLegacy(kernel));
      const doneLater = sgl_entries === undefined && !contiguous && (flags & DONE) !== 0;
      let accepted = false;
      const onAccepted = () => {
        accepted = true;
      };
      try {
        const told = yield* gather(request, doneLater ? flags & ~DONE : flags, onAccepted);
        if (doneLater) yield* send(request, flags);
        return sgl_entries ?? told;
      } catch (error) {
        if (accepted && error instanceof HostError) yield* attempt(memRelease(mem_handle));
        throw error;
      }
    },

    memRelease,
  };
}
