import { protocol } from '../../../schemas/index.js';
import { frameId, type Step } from '../../target/index.js';

/** Comparisons that are kept for each message. Later ones replace the oldest. */
const KEPT_MAX = 256;
/** Stands for all ids that no message has. */
const UNKNOWN = -1;

/** A constant in the target's code, and what it was compared with, -1 where that is not known. */
export interface Comparison {
  readonly constant: number;
  readonly value: number;
}

/** What a target has compared, by the message at which it did. */
export class Comparisons {
  readonly #byMessage = new Map<number, RecentComparisons>();

  /** @param compared see {@link comparisonsIn}. */
  add(step: Step, compared: readonly number[]): void {
    const message = messageOf(step);
    if (message === undefined) return;
    let recent = this.#byMessage.get(message);
    if (recent === undefined) {
      recent = new RecentComparisons();
      this.#byMessage.set(message, recent);
    }
    for (let at = 0; at < compared.length; at += 2)
      recent.add(compared[at] as number, compared[at + 1] as number);
  }

  /** Of the message in a step. */
  of(step: Step): readonly Comparison[] {
    const message = messageOf(step);
    return (message === undefined ? undefined : this.#byMessage.get(message)?.all) ?? [];
  }
}

/** @param compared constants, each with the other value behind it. */
export function comparisonsIn(compared: readonly number[]): readonly Comparison[] {
  const list: Comparison[] = [];
  for (let at = 0; at < compared.length; at += 2)
    list.push({ constant: compared[at] as number, value: compared[at + 1] as number });
  return list;
}

class RecentComparisons {
  readonly all: Comparison[] = [];
  readonly #known = new Map<number, Set<number>>();
  #next = 0;

  add(constant: number, value: number): void {
    let values = this.#known.get(constant);
    if (values === undefined) {
      values = new Set();
      this.#known.set(constant, values);
    }
    if (values.has(value)) return;
    values.add(value);
    const before = this.all[this.#next];
    if (before !== undefined) this.#forget(before);
    this.all[this.#next] = { constant, value };
    this.#next = (this.#next + 1) % KEPT_MAX;
  }

  #forget({ constant, value }: Comparison): void {
    const values = this.#known.get(constant);
    values?.delete(value);
    if (values?.size === 0) this.#known.delete(constant);
  }
}

/** Unknown ids have one list: any number of them comes from mutations. */
function messageOf(step: Step): number | undefined {
  if (step.kind !== 'frame') return undefined;
  const id = frameId(step.frame);
  return protocol.byId.has(id) ? id : UNKNOWN;
}
