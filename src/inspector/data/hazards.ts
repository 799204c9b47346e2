import { CaptureLinter, type Finding, type Level, levels } from '../../lint/index.js';
import type { MessageIndex } from './message-index.js';

/** Packets that are looked at before waiting questions are answered. */
const packetsStep = 2048;
/** Findings that are kept. Those behind them are counted only. */
const findingsMax = 20_000;

/** A finding about a message. */
export interface Hazard {
  readonly no: number;
  readonly rule: string;
  readonly level: string;
  /** What happens, and to whom. */
  readonly text: string;
  readonly instead: string;
  readonly source: string;
  /** The field, empty for the message as a whole, and its bytes in the payload behind the error word. */
  readonly path: string;
  readonly offset: number;
  readonly end: number;
}

/** What was found with one rule. */
export interface HazardCount {
  readonly rule: string;
  readonly level: string;
  readonly why: string;
  readonly instead: string;
  readonly count: number;
  /** `no` of the first message. */
  readonly first: number;
}

/** What `lint` finds in the capture, while it is read and after. */
export class Hazards {
  readonly #byMessage = new Map<number, Hazard[]>();
  readonly #counts = new Map<string, HazardCount>();
  readonly #index: MessageIndex;
  readonly #linter: CaptureLinter;
  #packets = 0;
  #count = 0;
  #ended = false;

  constructor(index: MessageIndex) {
    this.#index = index;
    this.#linter = new CaptureLinter({
      // The page has no files besides the capture.
      file: () => undefined,
      finding: (finding) => this.#add(finding),
    });
  }

  /** Number of findings so far. */
  get count(): number {
    return this.#count;
  }

  /** By rule, the worst first. */
  get counts(): readonly HazardCount[] {
    const rank = ({ level }: HazardCount) => levels.indexOf(level as Level);
    return [...this.#counts.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count);
  }

  /** `no` of the messages with findings, in the order in which they were found. */
  get messages(): Iterable<number> {
    return this.#byMessage.keys();
  }

  /** All messages of the capture have been looked at. */
  get isComplete(): boolean {
    return this.#ended;
  }

  of(no: number): readonly Hazard[] {
    return this.#byMessage.get(no) ?? [];
  }

  /** Looks at a few more packets. @param done the capture has ended. @returns whether nothing is left to do for now. */
  advance(done: boolean): boolean {
    if (this.#ended) return true;
    const end = Math.min(this.#index.packetCount, this.#packets + packetsStep);
    for (; this.#packets < end; this.#packets++) this.#linter.packet(this.#index.packetAt(this.#packets));
    if (this.#packets < this.#index.packetCount) return false;
    if (done) {
      this.#linter.end();
      this.#ended = true;
    }
    return true;
  }

  #add({ place, rule, peers, text, evidence }: Finding): void {
    const no = place.no ?? 0;
    this.#count++;
    const { id, level, why, instead, source } = rule;
    const known = this.#counts.get(id);
    const counted = { rule: id, level, why, instead };
    this.#counts.set(id, { ...counted, count: (known?.count ?? 0) + 1, first: known?.first || no });
    if (no === 0 || this.#byMessage.size >= findingsMax) return;
    const { path = '', offset = 0, end = 0 } = evidence?.passage ?? {};
    const hazard = {
      no,
      rule: id,
      level,
      text: `${text}. Hits ${peers.join(', ')}.`,
      instead,
      source,
      path,
      offset,
      end,
    };
    this.#byMessage.set(no, [...(this.#byMessage.get(no) ?? []), hazard]);
  }
}
