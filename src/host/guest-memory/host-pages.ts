import { ownerName, type Refusal } from '../../hypervisor/index.js';

/** Why the host may not use a page, or not give it away. */
export interface PageElsewhere {
  /** Physical address of the page. */
  readonly address: number;
  /** For people: `none, a page of parcel 7`. */
  readonly actual: string;
}

/** What the hypervisor says about pages of the host. The kernel asks before it lets anybody use one. */
export interface HostPages {
  /** The kernel maps or pins pages. The hypervisor refuses to move them until {@link endUse}. Bytes, physical. */
  use(address: number, size: number, user: string): PageElsewhere | undefined;
  endUse(address: number, size: number, user: string): void;
  /** The first page of a range that the host may not access; undefined: it may access all. */
  elsewhere(address: number, size: number): PageElsewhere | undefined;
  /** The pages are free, and what was in them is gone. */
  clear(address: number, size: number): void;
}

export function pageElsewhere(refusal: Refusal | undefined): PageElsewhere | undefined {
  if (refusal === undefined) return undefined;
  const { offset = 0, actual, pageOwner } = refusal;
  const of = pageOwner === undefined ? '' : `, a page of ${ownerName(pageOwner)}`;
  return { address: offset, actual: `${actual}${of}` };
}
