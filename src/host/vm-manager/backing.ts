import { refuser } from '../refusal.js';
import { type AddressRange, PAGE } from './addresses.js';
import type { Piece } from './parcel.js';
import type { MemoryRegion } from './region.js';
import type { UserProcess } from './user-memory.js';

/** The source of memory for a range of guest addresses whose pages are given on demand (v17, a15). */
export interface Backing {
  readonly path: string;
  readonly range: AddressRange;
  /** Guest rights, as `mem_rights`. */
  readonly rights: number;
  /** The host loses its access. */
  readonly lent: boolean;
  /**
   * Takes the memory of a part of the range, in whole pages.
   *
   * @throws HostError when any of it is missing. Nothing is taken then.
   */
  take(call: string, part: AddressRange): readonly Piece[];
}

/** Pages of a process (a15). Each is pinned by itself, and is one entry of a parcel. */
export class UserBacking implements Backing {
  readonly path: string;
  readonly range: AddressRange;
  readonly rights: number;
  readonly lent: boolean;

  readonly #process: UserProcess;
  readonly #region: MemoryRegion;

  constructor(userProcess: UserProcess, region: MemoryRegion) {
    this.#process = userProcess;
    this.#region = region;
    ({ path: this.path, range: this.range, rights: this.rights, lent: this.lent } = region);
  }

  /** @throws HostError (EFAULT) when the process has fewer pages there. */
  take(call: string, part: AddressRange): readonly Piece[] {
    const userProcess = this.#process;
    const count = Number(part.size / PAGE);
    const address = this.#region.userAddress(part.start);
    const pages = userProcess.pin(address, count);
    if (pages.length < count) {
      userProcess.unpin(pages);
      const refuse = refuser(call, this.path, address + BigInt(pages.length) * PAGE);
      throw refuse('EFAULT', 'pages', `${count} pages of ${userProcess.name}`, pages.length);
    }
    userProcess.account(count);
    return pages.map((page, index) => ({
      guestAddress: part.start + BigInt(index) * PAGE,
      address: page,
      size: PAGE,
      release: () => {
        userProcess.unpin([page]);
        userProcess.account(-1);
      },
    }));
  }
}
