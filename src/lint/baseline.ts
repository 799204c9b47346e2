import { parseJson } from '../base/json.js';
import { lineReaders } from '../base/line-readers.js';
import type { Finding } from './finding.js';

const { natural, object } = lineReaders('baseline');

/**
 * Findings that are known. They are recognised by file, rule and message. Their place does not count, so that they stay
 * known when something before them changes. Each counts as often as it was there.
 */
export class Baseline {
  readonly #counts = new Map<string, number>();

  /** Reads what {@link text} has written. @throws WireError `baseline` when it is something else. */
  static read(text: string): Baseline {
    const baseline = new Baseline();
    const counts = object(object(parseJson(text), '').findings, 'findings');
    for (const [key, count] of Object.entries(counts)) baseline.#counts.set(key, natural(count, key));
    return baseline;
  }

  add(file: string, finding: Finding): void {
    const key = keyOf(file, finding);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Whether a finding is known. Each known one is taken once. */
  take(file: string, finding: Finding): boolean {
    const key = keyOf(file, finding);
    const count = this.#counts.get(key) ?? 0;
    if (count > 0) this.#counts.set(key, count - 1);
    return count > 0;
  }

  text(): string {
    const findings = Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
    return `${JSON.stringify({ findings }, undefined, 2)}\n`;
  }
}

function keyOf(file: string, { rule, evidence }: Finding): string {
  const about = evidence === undefined ? '' : ` ${evidence.headline} ${evidence.passage.path}`;
  return `${file}: ${rule.id}${about}`;
}
