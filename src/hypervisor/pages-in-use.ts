import { IntervalMap } from './interval-map.js';
import { hasAddressSpace } from './owner.js';
import type { Piece } from './page-records.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';

/**
 * Pages that the kernel of a VM has mapped or pinned for somebody. They touch the memory at any time, so the VM must not
 * lose it meanwhile. A page may have several users, and one user may use it several times.
 */
export class PagesInUse {
  /** Texts such as `mapped by vmm`, sorted, by physical address. */
  readonly #users = new IntervalMap<readonly string[]>(
    (left, right) => left.value.length === right.value.length && left.value.join() === right.value.join(),
  );

  add(start: number, size: number, user: string): void {
    this.#change(start, size, (users) => [...users, user].sort());
  }

  /** Ends one use by a user, where there is one. */
  remove(start: number, size: number, user: string): void {
    this.#change(start, size, (users) => {
      const index = users.indexOf(user);
      return index < 0 ? users : users.toSpliced(index, 1);
    });
  }

  /** Whether a VM uses none of the pages that it is to give away. Nobody else uses pages. */
  check(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
    if (this.#users.isEmpty || !hasAddressSpace(range.owner)) return undefined;
    for (const { offset, phys, size, record } of pieces) {
      const found = this.#users.overlapping(phys, phys + size)[0];
      if (found === undefined) continue;
      const page = range.start + offset + Math.max(found.start - phys, 0);
      return refuse(range, 'in_use', page, 'used by nobody', found.value[0] as string, record?.owner);
    }
    return undefined;
  }

  #change(start: number, size: number, change: (users: readonly string[]) => readonly string[]): void {
    const end = start + size;
    let at = start;
    for (const { start: from, end: to, value } of [...this.#users.overlapping(start, end)]) {
      this.#set(at, from, change([]));
      this.#set(Math.max(from, start), Math.min(to, end), change(value));
      at = Math.min(to, end);
    }
    this.#set(at, end, change([]));
  }

  #set(start: number, end: number, users: readonly string[]): void {
    if (start < end) this.#users.set(start, end, users.length === 0 ? undefined : users);
  }
}
