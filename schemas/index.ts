/**
 * The RPC of the Gunyah resource manager, as data. Every message is a constant under its own name; `protocol` is all
 * of it as one value. A message that is exported by a file of a family belongs to the family.
 */
import { protocol as declareProtocol, type Family, type Message } from '../src/schema/index.js';
import * as consoleMessages from './console.js';
import * as enums from './enums.js';
import { errno, error } from './errors.js';
import * as flags from './flags.js';
import * as fw from './fw.js';
import { HEADER } from './header.js';
import * as heap from './heap.js';
import * as ident from './ident.js';
import * as ipa from './ipa.js';
import * as irq from './irq.js';
import { constants, limits } from './limits.js';
import * as mem from './mem/index.js';
import * as minidump from './minidump.js';
import { labels } from './sources.js';
import {
  aclEntry,
  attrEntry,
  authParam,
  exitReason,
  heapStats,
  hypResource,
  idEntry,
  ipaAllocRange,
  ipaFixedRange,
  sglEntry,
  vmidEntry,
} from './structs.js';
import * as vm from './vm/index.js';

export * from './console.js';
export * from './enums.js';
export * from './errors.js';
export * from './flags.js';
export * from './fw.js';
export * from './header.js';
export * from './heap.js';
export * from './ident.js';
export * from './ipa.js';
export * from './irq.js';
export * from './limits.js';
export * from './mem/index.js';
export * from './minidump.js';
export * from './sources.js';
export * from './structs.js';
export * from './vm/index.js';

export const protocol = declareProtocol({
  name: 'gunyah-rm',
  header: HEADER,
  error,
  limits,
  constants,
  labels,
  families: [
    family('ident', 'RPC', 'About the RPC itself, not about what RM manages.', ident),
    family('mem', 'Memory parcels', 'Donating, lending and sharing memory between VMs.', mem),
    family('fw', 'Firmware', 'Settings that HLOS may make once, early in its boot.', fw),
    family(
      'heap',
      'Hypervisor heap',
      'Memory of HLOS from which the hypervisor allocates its own objects.',
      heap,
    ),
    family('vm', 'Virtual machines', 'Making, configuring, running, watching and ending VMs.', vm),
    family('minidump', 'Minidump', 'Memory ranges that a VM wants to have in a crash dump.', minidump),
    family('irq', 'Interrupts', 'Lending hardware interrupts to other VMs.', irq),
    family(
      'console',
      'Console',
      'A text console between a VM and its owner, carried by RM.',
      consoleMessages,
    ),
    family('ipa', 'Address ranges', 'Reserving guest addresses.', ipa),
  ],
  enums: [error, ...Object.values(enums)],
  flags: Object.values(flags),
  structs: [
    aclEntry,
    sglEntry,
    attrEntry,
    vmidEntry,
    authParam,
    hypResource,
    idEntry,
    ipaFixedRange,
    ipaAllocRange,
    exitReason,
    heapStats,
  ],
  errno,
});

/** The messages that a module exports, by rising id. */
function family(name: string, title: string, doc: string, module: Readonly<Record<string, unknown>>): Family {
  const messages = Object.values(module).filter(isMessage);
  return { name, title, doc, messages: messages.sort((a, b) => a.id - b.id) };
}

function isMessage(value: unknown): value is Message {
  const { kind } = value as Partial<Message>;
  return kind === 'call' || kind === 'notification';
}
