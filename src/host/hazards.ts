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
    instead: 'answer each request',
    doc: 'Waits for the reply without a timeout, and nothing can interrupt it.',
  },
  uninterruptible_send: {
    isUnseen: true,
    clients: ['v9', 'v11', 'a14', 'a15', 'q61', 'q66', 'q612'],
    effect: 'never_returns',
    instead: 'take requests off the queue, also while something else goes on',
    doc: 'Waits for the send lock or for room in the queue, and nothing can interrupt it.',
  },
  reply_after_return: {
    clients: everyone,
    effect: 'crash',
    instead: 'send one whole reply to each request, all its parts one after the other',
    doc: 'A second reply to a call was in assembly when the call returned: what goes on with it writes to freed memory or to a dead stack frame.',
  },
  overwritten_reply: {
    clients: everyone,
    effect: 'leak',
    instead: 'send one whole reply to each request, all its parts one after the other',
    doc: 'A second reply to the same call took the place of the first, whose payload is never freed.',
  },
  nomem_reply_kept: {
    clients: ['v9', 'v11', 'a14', 'q61'],
    effect: 'leak',
    instead: 'send one whole reply to each request, all its parts one after the other',
    doc: 'A reply that cannot be taken (ENOMEM) came while one was in assembly, whose payload is never freed.',
  },
  device_refs_leaked: {
    clients: ['v9', 'v11', 'a14', 'q61'],
    effect: 'leak',
    instead: 'send all parts of a notification before the next message',
    doc: 'Another message came before the rest of a notification: the reference to the device that the notification held is never put.',
  },
  unexpected_reply: {
    clients: ['q515'],
    effect: 'crash',
    instead: 'reply only to requests that wait, with their number and message id',
    doc: 'Follows an error pointer when nobody waits for the sequence number of a reply, or for its message id.',
  },
  reply_without_error_word: {
    clients: ['q515'],
    effect: 'crash',
    instead: 'begin each reply with its error word',
    doc: 'Follows an error pointer after a reply of 9 to 11 bytes.',
  },
  small_reply_buffer: {
    clients: ['q515'],
    effect: 'crash',
    instead: 'keep replies to this client within one queue message and a continuation that is not full',
    doc: 'Writes behind its buffer: it has room for 228 bytes per queue message, but a continuation brings 232.',
  },
  missing_reply_buffer: {
    clients: ['q515'],
    effect: 'crash',
    instead: 'fill the first part of a message before a second one',
    doc: 'Writes through a null pointer when the first part of a fragmented message brought no payload.',
  },
  empty_reply: {
    clients: mainline,
    effect: 'crash',
    instead: 'answer with the fields that the reply declares',
    doc: 'Follows an uninitialised pointer when an OK reply that must have a payload has none.',
  },
  short_reply: {
    clients: mainline,
    effect: 'uninitialised_memory',
    instead: 'answer with the fields that the reply declares',
    doc: 'Reads behind the end of an OK reply that is shorter than it must be.',
  },
  unread_reply: {
    clients: mainline,
    effect: 'leak',
    instead: 'answer VM_ALLOC_VMID for a VMID by number with the error word alone',
    doc: 'The payload of a reply to VM_ALLOC_VMID for a VMID by number is never freed.',
  },
  empty_notification: {
    clients: mainline,
    effect: 'crash',
    instead: 'send the fields that the notification declares',
    doc: 'Follows a null pointer when VM_STATUS or VM_EXITED has no payload.',
  },
  short_notification: {
    clients: mainline,
    effect: 'uninitialised_memory',
    instead: 'send the fields that the notification declares, and as many bytes as exit_reason_size says',
    doc: 'Reads behind the end of a VM_STATUS or VM_EXITED that is truncated, or shorter than its exit_reason_size says.',
  },
});
