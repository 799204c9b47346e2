import {
  type IdEntry,
  idEntry,
  VM_GET_ID,
  VM_GET_VMID,
  VM_LOOKUP_GUID,
  VM_LOOKUP_NAME,
  VM_LOOKUP_URI,
  type VmidEntry,
} from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { qcomHazards } from './hazards.js';
import { decodeReply, fail, type QcomKernel, refuse, viewOf, wrapLength } from './kernel.js';

/** What a VM can be looked up by, as the drivers number it. */
export const lookupTypes = { NAME: 0, URI: 1, GUID: 2 } as const;

const GUID_SIZE = 16;
/** Bytes of an entry in front of the identifier; its size is the last two of them. */
const ID_HEADER_SIZE = idEntry.sizeMin;

/**
 * The clients add up the sizes in the entries, and only then compare the sum with the size of the reply.
 *
 * @throws HostError: EBADMSG for less than a count, EINVAL for entries that do not fill the reply, and the hazard when
 * there is an entry of which not even the size is there.
 */
function checkIdEntries(reply: Uint8Array): void {
  const { name } = VM_GET_ID;
  const countSize = VM_GET_ID.reply.sizeMin;
  if (reply.length < countSize) {
    fail(name, 'EBADMSG', 'reply', {
      code: 'reply_size',
      expected: `${countSize} or more`,
      actual: reply.length,
    });
  }
  const view = viewOf(reply);
  const count = view.getUint32(0, true);
  let size = countSize;
  for (let index = 0; index < count; index++) {
    const path = `id_entries[${index}]`;
    if (size + ID_HEADER_SIZE > reply.length) {
      const fault = { code: 'reply_size', path, expected: size + ID_HEADER_SIZE, actual: reply.length };
      fail(name, 'EINVAL', 'reply', fault, qcomHazards.id_entries_overread);
    }
    size += ID_HEADER_SIZE + Math.ceil(view.getUint16(size + 2, true) / 4) * 4;
  }
  if (size !== reply.length)
    fail(name, 'EINVAL', 'reply', { code: 'reply_size', expected: size, actual: reply.length });
}

export function* thisVmid(kernel: QcomKernel): Calling<number> {
  kernel.vmid ??= (yield* kernel.call(VM_GET_VMID, {}, 'EBADMSG')).vmid & 0xffff;
  return kernel.vmid;
}

/** The calls that tell who is who. */
export function identityCalls(kernel: QcomKernel) {
  const onlyMatch = (call: string, matches: readonly VmidEntry[]): number => {
    const [match] = matches;
    if (match === undefined || matches.length > 1)
      return fail(call, 'EINVAL', 'reply', { code: 'matches', expected: 1, actual: matches.length });
    return match.vmid;
  };

  return {
    /** The identifiers of a VM; 0: of this one. */
    *vmGetId(vmid: number): Calling<readonly IdEntry[]> {
      const reply = yield* kernel.exchange(VM_GET_ID, { vmid });
      checkIdEntries(reply);
      return decodeReply(VM_GET_ID, reply, 'EINVAL').id_entries;
    },

    /**
     * The VM with a name, a URI or a GUID (16 bytes, else refused). Names and URIs are sent at any length. A reply of a
     * wrong size is EBADMSG, one with no match or several EINVAL.
     *
     * @param type one of {@link lookupTypes}; the real client succeeds for others, without a VMID (here 0).
     */
    *vmLookup(type: number, key: Uint8Array): Calling<number> {
      switch (type) {
        case lookupTypes.NAME: {
          const { head, tail } = wrapLength(key, 16);
          const { vmid_entries } = yield* kernel.callLong(VM_LOOKUP_NAME, { name: head }, tail, 'EBADMSG');
          return onlyMatch(VM_LOOKUP_NAME.name, vmid_entries);
        }
        case lookupTypes.URI: {
          const { head, tail } = wrapLength(key, 16);
          const { vmid_entries } = yield* kernel.callLong(VM_LOOKUP_URI, { uri: head }, tail, 'EBADMSG');
          return onlyMatch(VM_LOOKUP_URI.name, vmid_entries);
        }
        case lookupTypes.GUID: {
          if (key.length !== GUID_SIZE) refuse(VM_LOOKUP_GUID.name, 'guid', `${GUID_SIZE} bytes`, key.length);
          const { vmid_entries } = yield* kernel.call(VM_LOOKUP_GUID, { guid: key }, 'EBADMSG');
          return onlyMatch(VM_LOOKUP_GUID.name, vmid_entries);
        }
        default: {
          const fault = { code: 'range', path: 'type', expected: '0..2', actual: type };
          kernel.fault('VM_LOOKUP', 'EINVAL', 'local', fault, qcomHazards.lookup_of_unknown_type);
          return 0;
        }
      }
    },

    /** VMID of this VM: asked once, then remembered for the life of the kernel. Of the reply the low 16 bits count. */
    getThisVmid: () => thisVmid(kernel),
  };
}
