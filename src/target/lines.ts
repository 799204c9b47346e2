import { formatHex, parseHex } from '../base/hex.js';
import type { FileContents } from '../machine/index.js';
import type { Step } from './step.js';

/** What a line of the protocol asks of a target: a step, a fresh boot, or to start from its present state from now on. */
export type LineCommand = Step | 'reset' | 'fork';

type Kind = Step['kind'];
type StepOf<K extends Kind> = Extract<Step, { readonly kind: K }>;

interface Row<K extends Kind> {
  readonly word: string;
  /** The words behind the first one. @param fileOf name of a file with these bytes. */
  readonly write: (step: StepOf<K>, fileOf: (bytes: Uint8Array) => string) => readonly (string | number)[];
  /** @returns undefined for words that are no such step. */
  readonly read: (words: readonly string[], file: FileContents) => StepOf<K> | undefined;
}

/** How each kind of step is a line (cli.md, "Line protocol of exec targets"). */
const rows: { readonly [K in Kind]: Row<K> } = {
  frame: {
    word: 'tx',
    write: ({ from, frame }) => [from, formatHex(frame)],
    read([vmid, hex = '']) {
      const from = natural(vmid);
      const frame = parseHex(hex);
      return from === undefined || frame === undefined ? undefined : { kind: 'frame', from, frame };
    },
  },
  load: {
    word: 'load',
    write: ({ address, bytes }, fileOf) => [`0x${address.toString(16)}`, fileOf(bytes)],
    read([where, ...name], file) {
      const address = word(where);
      const bytes = file(name.join(' '));
      return address === undefined || bytes === undefined
        ? undefined
        : { kind: 'load', address: Number(address), bytes };
    },
  },
  vcpu_halt: {
    word: 'halt',
    write: ({ vmid, state, data }) => [vmid, state, ...data.map((value) => `0x${value.toString(16)}`)],
    read([who, how, first = '0', second = '0']) {
      const [vmid, state, one, two] = [natural(who), natural(how), word(first), word(second)];
      if (vmid === undefined || state === undefined || one === undefined || two === undefined)
        return undefined;
      return { kind: 'vcpu_halt', vmid, state, data: [one, two] };
    },
  },
  receive_limit: {
    word: 'limit',
    write: ({ vmid, count }) => [vmid, count],
    read([who, number]) {
      const [vmid, count] = [natural(who), natural(number)];
      return vmid === undefined || count === undefined ? undefined : { kind: 'receive_limit', vmid, count };
    },
  },
  drain: { word: 'drain', write: () => [], read: () => ({ kind: 'drain' }) },
};

/** The line that asks for a step, with its end. @param fileOf name of a file with these bytes. */
export function writeLine(step: Step, fileOf: (bytes: Uint8Array) => string): string {
  if (step.kind === 'frame') return `tx ${step.from} ${formatHex(step.frame)}\n`;
  const { word, write } = rows[step.kind] as Row<Kind>;
  return `${[word, ...write(step, fileOf)].join(' ')}\n`;
}

/** What a line asks for; undefined when it asks for nothing known. @param file contents of files by name. */
export function readLine(line: string, file: FileContents): LineCommand | undefined {
  const [first, ...words] = line.trim().split(' ');
  if (first === 'reset' || first === 'fork') return first;
  const row = Object.values(rows).find(({ word }) => word === first);
  return row?.read(words, file);
}

function natural(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function word(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text) ? BigInt(text) : undefined;
}
