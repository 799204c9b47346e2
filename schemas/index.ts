/**
 * The RPC of the Gunyah resource manager, as data. Every message is a constant under its own name; `protocol` is all
 * of it as one value. Adding a message means declaring it in the file of its family and listing it there.
 */
import { protocol as declareProtocol } from '../src/schema/index.js';
import { consoleFamily } from './console.js';
import * as enums from './enums.js';
import { errno, error } from './errors.js';
import * as flags from './flags.js';
import { fwFamily } from './fw.js';
import { HEADER } from './header.js';
import { heapFamily } from './heap.js';
import { identFamily } from './ident.js';
import { ipaFamily } from './ipa.js';
import { irqFamily } from './irq.js';
import { constants, limits } from './limits.js';
import { memFamily } from './mem/index.js';
import { minidumpFamily } from './minidump.js';
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
import { vmFamily } from './vm/index.js';

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
    identFamily,
    memFamily,
    fwFamily,
    heapFamily,
    vmFamily,
    minidumpFamily,
    irqFamily,
    consoleFamily,
    ipaFamily,
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
