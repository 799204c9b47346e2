import { PAGE_SIZE } from '../../hypervisor/index.js';
import type { HostError } from '../error.js';
import { type Refuser, refuser } from '../refusal.js';
import { type Folio, type Hold, holdRules } from './folio.js';
import type { PageElsewhere } from './host-pages.js';

export function isPages(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value % PAGE_SIZE === 0;
}

/** The errors of an operation about one folio. @param offset of the folio in the file. */
export function pageRefuser(call: string, offset: number): Refuser {
  return refuser(call, `page[${Math.floor(offset / PAGE_SIZE)}]`, offset);
}

/** Somebody holds the folio. */
export function busy(call: string, { offset }: Folio, { kind, holder }: Hold): HostError {
  return pageRefuser(call, offset)('EBUSY', 'busy', 'held by nobody', `${holdRules[kind].doc} ${holder}`);
}

/** The folio has a holder, or another operation is under way on it. */
export function inUse(call: string, folio: Folio): HostError {
  const [hold] = folio.holds;
  if (hold !== undefined) return busy(call, folio, hold);
  return pageRefuser(call, folio.offset)('EBUSY', 'busy', 'held by nobody', 'another operation');
}

/** The error about a page of a folio that the host does not have. */
export function elsewhere(call: string, folio: Folio, { address, actual }: PageElsewhere) {
  const refuse = pageRefuser(call, folio.offset + address - folio.address);
  return (errno: 'EFAULT' | 'EBUSY', code: string) => refuse(errno, code, 'accessible to the host', actual);
}
