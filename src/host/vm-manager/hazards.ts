import { hazardTable } from '../hazard.js';

const eager = ['v9', 'v11', 'a14'] as const;
const paged = ['v17', 'a15'] as const;
const everyone = [...eager, ...paged] as const;

/** The faults of the VM managers (client.md, sections 5 to 8), by name. */
export const vmHazards = hazardTable({
  endless_wait: {
    clients: everyone,
    effect: 'never_returns',
    instead: 'send each reply, and VM_EXITED and VM_STATUS when a VM ends',
    doc: 'Waits for a notification or a reply that does not come, without a timeout, and nothing can interrupt it.',
  },
  receiver_waits: {
    clients: paged,
    effect: 'never_returns',
    instead: 'send no notification about a VM before VM_START is answered',
    doc: "A notification about a VM came while START holds that VM's state lock: the receiving thread waits for the lock, and START for a reply that only that thread can deliver.",
  },
  pages_pinned: {
    clients: everyone,
    effect: 'leak',
    instead: 'answer the calls that give things back, and do not refuse what was asked for before',
    doc: "Pages of the process stay pinned, and counted, for ever: RM may still have them, or nobody remembers that they are the VM's.",
  },
  handle_lost: {
    clients: everyone,
    effect: 'leak',
    instead: 'answer the calls that give things back, and do not refuse what was asked for before',
    doc: 'A parcel that RM still has is forgotten, its memory with it.',
  },
  vmid_lost: {
    clients: everyone,
    effect: 'leak',
    instead: 'reset a VM before its VMID is deallocated',
    doc: 'RM keeps the VMID: it takes VM_DEALLOC_VMID in the states LOAD and RESET only.',
  },
  vmid_unchecked: {
    clients: everyone,
    effect: 'wrong_request',
    instead: 'give out VMIDs that nobody has',
    doc: "Takes any VMID from RM: a reserved one, the host's own or another VM's. What it does to its VM it then does to that one.",
  },
  handle_unchecked: {
    clients: everyone,
    effect: 'wrong_request',
    instead: 'give out handles that no parcel has',
    doc: 'Takes any memory handle from RM. With that of another parcel it reclaims the wrong one; with 0xffffffff, which means none, it reclaims nothing and unpins memory that RM has.',
  },
  locked_vm_counted: {
    clients: eager,
    effect: 'leak',
    instead: 'map memory that can be pinned',
    doc: 'Fewer pages were pinned than counted as locked; only those that were pinned are taken off the count again.',
  },
  never_sent: {
    clients: eager,
    effect: 'wrong_request',
    instead: 'add all regions before START',
    doc: 'A region that is added after START is accepted, but no one tells RM.',
  },
  wrap_accepted: {
    clients: ['v11', 'a14', 'v17', 'a15'],
    effect: 'wrong_request',
    instead: 'use address ranges that do not wrap',
    doc: 'An address range that wraps at 2^64 is accepted: the sum is tested after it has wrapped. For a region, overlaps go unnoticed too.',
  },
  label_ignored: {
    clients: ['a15'],
    effect: 'wrong_request',
    instead: 'use a label once',
    doc: 'A second region with the same label is accepted, and RM is told label 0 for all.',
  },
  dtb_outside: {
    clients: ['v11', 'a14', 'a15'],
    effect: 'wrong_request',
    instead: 'keep the devicetree within one region',
    doc: 'The devicetree is not wholly in the region that is sent; when it begins below, its offset wraps at 2^64.',
  },
  dtb_cut: {
    clients: paged,
    effect: 'wrong_request',
    instead: 'align the devicetree to pages',
    doc: 'The number of pages is the size in whole pages, so the last page of an unaligned range is not sent.',
  },
  shared_dtb: {
    clients: ['v17'],
    effect: 'wrong_request',
    instead: 'keep the devicetree in lent memory',
    doc: 'A shared binding cannot hold the devicetree: its ACL is left at no entries, and START ends with ENOMEM.',
  },
  punches_elsewhere: {
    clients: ['v17'],
    effect: 'wrong_request',
    instead: 'punch no holes',
    doc: 'PUNCH_HOLE passes byte offsets where page numbers are meant: offset 0 takes 4096 times as much from the VM, and other offsets take something else.',
  },
  boot_value_lost: {
    clients: paged,
    effect: 'wrong_request',
    instead: 'set no boot register to 0',
    doc: 'A boot register of value 0 is stored as an entry of a kernel xarray, which holds no 0: it is never sent, and an earlier value is forgotten.',
  },
  binds_everything: {
    clients: ['v17'],
    effect: 'wrong_request',
    instead: 'bind ranges that are not empty',
    doc: 'A binding of size 0 at guest address 0 covers all guest addresses.',
  },
  reclaims_handle_0: {
    clients: ['a15'],
    effect: 'wrong_request',
    instead: 'lend the firmware before START',
    doc: 'The firmware was never lent, so the handle of its parcel is still 0: that of another parcel, perhaps.',
  },
});
