import { hazardTable } from '../../hazard.js';

const everyone = ['q61', 'q66', 'q612'] as const;
const copying = ['q66', 'q612'] as const;

/** The faults of Qualcomm's interfaces from 6.1 on (client.md, section 11, and the recorded replies). */
export const qcomHazards = hazardTable({
  donate_without_acl: {
    isUnseen: true,
    clients: everyone,
    effect: 'crash',
    instead: 'donate with an ACL',
    doc: 'MEM_DONATE looks into the ACL before it asks whether there is one.',
  },
  lookup_sgl_cut_off: {
    isUnseen: true,
    clients: everyone,
    effect: 'malformed_request',
    instead: 'look up parcels of at most 512 ranges',
    doc: 'MEM_QCOM_LOOKUP_SGL above 512 entries says 512, sends those, and zero bytes in place of the others.',
  },
  accept_overruns_request: {
    isUnseen: true,
    clients: ['q61'],
    effect: 'crash',
    instead: 'accept with VALIDATE_ACL_ATTR whenever there is an ACL',
    doc: 'MEM_ACCEPT writes the ACL and the attributes also without VALIDATE_ACL_ATTR, for which it left no room, and sends the request without its tail.',
  },
  accept_cut_off: {
    isUnseen: true,
    clients: copying,
    effect: 'malformed_request',
    instead: 'accept with VALIDATE_ACL_ATTR whenever there is an ACL',
    doc: 'MEM_ACCEPT writes the ACL and the attributes also without VALIDATE_ACL_ATTR, which the size of the request does not count, and sends the request without its tail.',
  },
  accept_malformed_reply: {
    isUnseen: true,
    clients: everyone,
    effect: 'wrong_result',
    instead: 'answer with the fields that the reply declares',
    doc: 'A MEM_ACCEPT reply whose size does not fit its count ends the list, and the call succeeds.',
  },
  accept_parts_reversed: {
    isUnseen: true,
    clients: everyone,
    effect: 'wrong_result',
    instead: 'answer MEM_ACCEPT in one part',
    doc: 'The parts of a MEM_ACCEPT reply are put together last one first.',
  },
  accept_without_end: {
    isUnseen: true,
    clients: everyone,
    effect: 'never_returns',
    instead: 'say that more entries come only if some do',
    doc: 'Asks for the next part of a MEM_ACCEPT reply as long as RM says that there is one, though no entries come.',
  },
  minidump_name_size_wraps: {
    isUnseen: true,
    clients: everyone,
    effect: 'malformed_request',
    instead: 'keep minidump names within 255 bytes',
    doc: 'A minidump name above 255 bytes is sent whole behind a size of one byte.',
  },
  unset_reply_pointer: {
    clients: everyone,
    effect: 'uninitialised_memory',
    instead: 'answer with the fields that the reply declares',
    doc: 'An OK reply without payload leaves the pointer to the payload unset, which is followed or freed all the same.',
  },
  error_reply_pointer: {
    clients: everyone,
    effect: 'uninitialised_memory',
    instead: 'nothing helps but a mended client',
    doc: 'An error reply to VM_GET_STATE or MEM_NOTIFY leaves the pointer to the payload unset, which is looked at all the same.',
  },
  lost_reply: {
    clients: everyone,
    effect: 'leak',
    instead: 'answer with the error word alone where the client reads nothing else',
    doc: 'The payload of the reply is never freed.',
  },
  id_entries_overread: {
    clients: everyone,
    effect: 'crash',
    instead: 'keep the lengths of VM_GET_ID entries within the reply',
    doc: 'VM_GET_ID goes from entry to entry by the lengths in them, behind the end of the reply too.',
  },
  lookup_of_unknown_type: {
    isUnseen: true,
    clients: everyone,
    effect: 'wrong_result',
    instead: 'look up by name, URI or GUID',
    doc: 'A VM lookup by something other than name, URI and GUID sends nothing and succeeds without a VMID.',
  },
  heap_parcels_unread: {
    clients: ['q612'],
    effect: 'crash',
    instead: 'answer VM_QUERY_HEAP_MEMORY with the count, also when it is 0',
    doc: 'VM_QUERY_HEAP_MEMORY for parcels reads the count from the reply before it asks whether the call failed or the reply is long enough.',
  },
  notification_without_payload: {
    clients: copying,
    effect: 'crash',
    instead: 'send the fields that the notification declares',
    doc: 'Copies the payload of a notification that has none from a null pointer.',
  },
  notification_overread: {
    clients: copying,
    effect: 'crash',
    instead: 'send as many entries and bytes as the counts say, and all declared fields',
    doc: 'Copies as many bytes as a notification should have, and counts by the counts in it, without knowing its size.',
  },
});
