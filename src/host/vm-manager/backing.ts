import { type AddressRange, PAGE } from './addresses.js';
import type { Piece } from './parcel.js';
import { refusal } from './refusal.js';
import type { MemoryRegion } from './region.js';
import type { UserProcess } from './user-memory.js';

/** What a range of guest addresses gets its memory from, when it is needed (v17, a15). */
export interface Backing {
  /** As in errors. */
  readonly path: string;
  readonly range: AddressRange;
  /** Guest rights, as `mem_rights`. */
  readonly rights: number;
  /** The host loses its access. */
  readonly lent: boolean;
  /**
   * Takes the memory of a part, given by guest address in whole pages.
   *
   * @throws HostError when some of it cannot be had; then nothing was taken.
   */
  take(call: string, part: AddressRange): readonly Piece[];
}

/** Pages of a process (a15): pinned one by one, and so told to RM. */
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
      throw refusal(call, 'EFAULT', {
        code: 'pages',
        path: this.path,
        offset: address + BigInt(pages.length) * PAGE,
        expected: `${count} pages of ${userProcess.name}`,
        actual: pages.length,
      });
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
