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
import { viewOf } from '../../../base/bytes.js';
import type { Calling } from '../../effect.js';
import { decodeReply } from '../call.js';
import { qcomHazards } from './hazards.js';
import { fail, type QcomKernel, refuse, wrapLength } from './kernel.js';

/** Keys by which a VM can be looked up, with the drivers' numbers. */
export const lookupTypes = { NAME: 0, URI: 1, GUID: 2 } as const;

const GUID_SIZE = 16;
/** Bytes of an entry before the identifier. The last two are the identifier's size. */
const ID_HEADER_SIZE = idEntry.sizeMin;

/**
 * The clients first add up the sizes in the entries, then compare the sum with the size of the reply.
 *
 * @throws HostError: EBADMSG if there is no count; EINVAL if the entries do not fill the reply, with the hazard if the
 * reply ends before the size of an entry.
 */
function checkIdEntries(reply: Uint8Array): void {
  const { name } = VM_GET_ID;
  const countSize = VM_GET_ID.reply.sizeMin;
  if (reply.length < countSize) {
    const fault = { code: 'reply_size', expected: `${countSize} or more`, actual: reply.length };
    fail(name, 'EBADMSG', 'reply', fault);
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

export function identityCalls(kernel: QcomKernel) {
  const onlyMatch = (call: string, matches: readonly VmidEntry[]): number => {
    const [match] = matches;
    if (match === undefined || matches.length > 1)
      return fail(call, 'EINVAL', 'reply', { code: 'matches', expected: 1, actual: matches.length });
    return match.vmid;
  };

  return {
    /** The identifiers of a VM; VMID 0 is this one. */
    *vmGetId(vmid: number): Calling<readonly IdEntry[]> {
      const reply = yield* kernel.exchange(VM_GET_ID, { vmid });
      checkIdEntries(reply);
      return decodeReply(VM_GET_ID, reply, 'EINVAL').id_entries;
    },

    /**
     * The VMID of the VM with a name, a URI or a GUID. Names and URIs can have any length, a GUID has 16 bytes (else EINVAL).
     * EBADMSG for a reply of a wrong size, EINVAL for no match or several.
     *
     * @param type one of {@link lookupTypes}. For others the real client succeeds without a VMID (here 0).
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
          kernel.fault('VM_LOOKUP', 'local', fault, qcomHazards.lookup_of_unknown_type);
          return 0;
        }
      }
    },

    /** VMID of this VM, from the low 16 bits of the reply. Asked once per kernel. */
    getThisVmid: () => thisVmid(kernel),
  };
}
