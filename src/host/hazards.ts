import { hazardTable } from './hazard.js';

/** The code of v9 and v11 was only read, but is the same here. */
const mainline = ['v9', 'v11', 'a14', 'v17', 'a15'] as const;
/** Qualcomm's interfaces from 6.1 on use the mainline transport. */
const mainlineTransport = [...mainline, 'q61', 'q66', 'q612'] as const;
const everyone = [...mainlineTransport, 'q515'] as const;

/** The faults of the transports and of the mainline calls (client.md, sections 2 and 11). */
export const hazards = hazardTable({
  no_reply: {
    clients: everyone,
    effect: 'never_returns',
    doc: 'Waits for the reply without a timeout, and nothing can interrupt it.',
  },
  uninterruptible_send: {
    clients: ['v9', 'v11', 'a14', 'a15', 'q61', 'q66', 'q612'],
    effect: 'never_returns',
    doc: 'Waits for the send lock or for room in the queue, and nothing can interrupt it.',
  },
  reply_after_return: {
    clients: everyone,
    effect: 'crash',
    doc: 'A second reply to a call was in assembly when the call returned: what goes on with it writes to freed memory or to a dead stack frame.',
  },
  overwritten_reply: {
    clients: everyone,
    effect: 'leak',
    doc: 'A second reply to the same call took the place of the first, whose payload is never freed.',
  },
  nomem_reply_kept: {
    clients: ['v9', 'v11', 'a14', 'q61'],
    effect: 'leak',
    doc: 'A reply that cannot be taken (ENOMEM) came while one was in assembly, whose payload is never freed.',
  },
  device_refs_leaked: {
    clients: ['v9', 'v11', 'a14', 'q61'],
    effect: 'leak',
    doc: 'Another message came before the rest of a notification: the reference to the device that the notification held is never put.',
  },
  unexpected_reply: {
    clients: ['q515'],
    effect: 'crash',
    doc: 'Follows an error pointer when nobody waits for the sequence number of a reply, or for its message id.',
  },
  reply_without_error_word: {
    clients: ['q515'],
    effect: 'crash',
    doc: 'Follows an error pointer after a reply of 9 to 11 bytes.',
  },
  small_reply_buffer: {
    clients: ['q515'],
    effect: 'crash',
    doc: 'Writes behind its buffer: it has room for 228 bytes per queue message, but a continuation brings 232.',
  },
  missing_reply_buffer: {
    clients: ['q515'],
    effect: 'crash',
    doc: 'Writes through a null pointer when the first part of a fragmented message brought no payload.',
  },
  empty_reply: {
    clients: mainline,
    effect: 'crash',
    doc: 'Follows an uninitialised pointer when an OK reply that must have a payload has none.',
  },
  short_reply: {
    clients: mainline,
    effect: 'uninitialised_memory',
    doc: 'Reads behind the end of an OK reply that is shorter than it must be.',
  },
  unread_reply: {
    clients: mainline,
    effect: 'leak',
    doc: 'The payload of a reply to VM_ALLOC_VMID for a VMID by number is never freed.',
  },
  empty_notification: {
    clients: mainline,
    effect: 'crash',
    doc: 'Follows a null pointer when VM_STATUS or VM_EXITED has no payload.',
  },
  short_notification: {
    clients: mainline,
    effect: 'uninitialised_memory',
    doc: 'Reads behind the end of a VM_STATUS or VM_EXITED that is truncated, or shorter than its exit_reason_size says.',
  },
});
