import type { Outcome } from '../outcome.js';

/** How many cases had each end. */
export class Counts {
  passed = 0;
  failed = 0;
  blocked = 0;
  skipped = 0;
  failedRequired = 0;

  add({ status, level }: Pick<Outcome, 'status' | 'level'>): void {
    this[status]++;
    if (status === 'failed' && level === 'required') this.failedRequired++;
  }

  get total(): number {
    return this.passed + this.failed + this.blocked + this.skipped;
  }
}
