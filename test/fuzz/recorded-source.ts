import type { CaseSource } from '../../src/fuzz/campaign/campaign.js';
import { FindingReader } from '../../src/fuzz/findings/read.js';
import type { Step } from '../../src/target/index.js';
import { deviceTree, scenarios } from '../sim/scenarios.js';

/** Every boot of the recordings as a session, those that queue messages before RM looks aside. */
export function recordedSessions(file = 'rm23.ndjson'): readonly (readonly Step[])[] {
  return scenarios(file).flatMap(({ lines: [first, ...rest] }) => {
    const boots: unknown[][] = [[]];
    for (const line of rest as { readonly op?: string }[]) {
      if (line.op === 'reboot') boots.push([]);
      else boots.at(-1)?.push(line);
    }
    const plain = boots.filter((lines) => !lines.some((line) => isQueued(line as { readonly op?: string })));
    return plain.map((lines) => stepsOf([first, ...lines]));
  });
}

function stepsOf(lines: readonly unknown[]): readonly Step[] {
  const reader = new FindingReader(contentsOf);
  for (const line of lines) reader.line(line);
  return reader.end().played.steps;
}

function isQueued({ op }: { readonly op?: string }): boolean {
  return op === 'enqueue' || op === 'run';
}

function contentsOf(name: string): Uint8Array {
  return deviceTree(name) ?? new Uint8Array(0);
}

/** Puts given sessions, one after another, again and again. */
export class RecordedSource implements CaseSource {
  case = -1;
  readonly #sessions: readonly (readonly Step[])[];
  #next = Number.POSITIVE_INFINITY;

  constructor(sessions: readonly (readonly Step[])[]) {
    this.#sessions = sessions;
  }

  next(): Step | 'reset' {
    const step = this.#sessions[this.case % this.#sessions.length]?.[this.#next++];
    if (step !== undefined) return step;
    this.case++;
    this.#next = 0;
    return 'reset';
  }

  readonly needsAnswer = false;

  observe(): void {}

  ended(): void {}

  endCase(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }
}
