import { parseHex } from '../../src/base/hex.js';
import { recordedLines } from '../recorded.js';

/** One recorded scenario: its lines as replay takes them, the first one first. */
export interface Scenario {
  readonly name: string;
  /** Every byte on the real hypervisor is that of the native recording. */
  readonly identical: boolean;
  readonly lines: readonly unknown[];
}

/** A line of a recording that is a step, as far as captures are made of it. */
export interface StepLine {
  readonly op?: string;
  readonly from?: number;
  readonly frame?: string;
  readonly refused?: string;
  readonly panic?: string;
  readonly out?: readonly { readonly to: number; readonly frame: string }[];
}

interface Line {
  readonly scenario?: string;
  readonly identical_to_rm23?: boolean;
}

/** The scenarios of a recording file, each of which begins with a line that names it. */
export function scenarios(file: string): Scenario[] {
  const found: { name: string; identical: boolean; lines: unknown[] }[] = [];
  for (const line of recordedLines<Line>(file)) {
    if (line.scenario !== undefined)
      found.push({ name: line.scenario, identical: line.identical_to_rm23 === true, lines: [] });
    found.at(-1)?.lines.push(line);
  }
  return found;
}

const trees = new Map(
  ['dtb.ndjson', 'dtb-lives.ndjson']
    .flatMap((name) => recordedLines<{ file: string; bytes: string }>(name))
    .map(({ file, bytes }) => [file, parseHex(bytes)]),
);

/** A devicetree blob that scenarios load. */
export function deviceTree(file: string): Uint8Array | undefined {
  return trees.get(file);
}
