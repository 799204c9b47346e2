import { protocol } from '../../schemas/index.js';
import { formatHex, parseHex } from '../../src/base/hex.js';
import type { Case, CaseStep, Expectation } from '../../src/conform/case.js';
import { expectedSides, messagesIn, type PreparedStep, prepare } from '../../src/conform/played-step.js';
import { alive } from '../../src/conform/rm/framing.js';
import { compare } from '../../src/conform/run-case.js';
import { decodeMessages, type KnownValues, recordKeys } from '../../src/sim/index.js';
import { machineStopped } from '../../src/sim/real-machine.js';
import { recordedLines } from '../recorded.js';
import { type Change, type Fields, idText, numbersOf, type RecordedLine, RM, Told } from './told.js';

const HLOS = 3;

/** A place at which the recorded manager stood in the state that a case begins with, and what came of it there. */
export interface Place {
  readonly recording: string;
  readonly scenario: string;
  /** Number of the line in the scenario, from 0. */
  readonly line: number;
  /** The messages that differ from what the case demands. */
  readonly differences: number;
}

/** Requests that read the devicetree of the VM. Cases with them hold where the tree is the plain one. */
const READS_TREE = new Set(['VM_INIT', 'VM_START']);
/**
 * Fields in which the way to a state may differ from that of the case: where the memory of the VM lies and how large it
 * is. The error of a request in a state depends on neither, and what reads the devicetree is looked at apart.
 */
const FREE = new Set(['label', 'sgl_entries', 'image_offset', 'image_size', 'dtb_offset', 'dtb_size']);
const isMessage = (step: CaseStep) => step.operation === undefined;

const valuesAt = new WeakMap<
  readonly Change[],
  { length: number; byGiven: Map<unknown, KnownValues | undefined> }
>();

/** As {@link valuesOf}, once for each state. */
function keptValuesOf(
  item: Case,
  given: readonly CaseStep[],
  changes: readonly Change[],
): KnownValues | undefined {
  let kept = valuesAt.get(changes);
  if (kept?.length !== changes.length) kept = { length: changes.length, byGiven: new Map() };
  valuesAt.set(changes, kept);
  if (!kept.byGiven.has(item.given)) kept.byGiven.set(item.given, valuesOf(given, changes));
  return kept.byGiven.get(item.given);
}

/** What the case has learnt where a VM came to its state by the same requests; undefined: it came by others. */
function valuesOf(given: readonly CaseStep[], changes: readonly Change[]): KnownValues | undefined {
  const known = new Map<string, unknown>();
  if (given.length !== changes.length) return undefined;
  if (given.some(({ message }, index) => message?.name !== changes[index]?.name)) return undefined;
  for (const [index, step] of given.entries()) {
    const change = changes[index] as Change;
    const { steps, from } = prepare(step, known as KnownValues, 0);
    const [record] = decodeMessages(
      steps.flatMap((own) => (own.kind === 'frame' ? [{ from, to: RM, frame: own.frame }] : [])),
    );
    if (record === undefined || from !== change.from) return undefined;
    if (!isSame((recordKeys(record) as Fields).payload, change.request)) return undefined;
    if (step.as !== undefined) known.set(step.as, change.reply);
  }
  return sameValues(known as KnownValues);
}

const valuesByText = new Map<string, KnownValues>();

/** One object for all equal values, by which {@link askedBy} keeps what follows from them. */
function sameValues(known: KnownValues): KnownValues {
  const text = JSON.stringify([...known]);
  const same = valuesByText.get(text) ?? known;
  valuesByText.set(text, same);
  return same;
}

function isSame(left: unknown, right: unknown): boolean {
  const without = (_key: string, value: unknown) => (FREE.has(_key) ? undefined : value);
  return JSON.stringify(left, without) === JSON.stringify(right, without);
}

/** A queue message without its sequence number, which it has from the fourth byte on. */
function withoutSeq(hex: string): string {
  return hex.length < 8 ? hex : `${hex.slice(0, 4)}....${hex.slice(8)}`;
}

const seqOf = (hex: string) => Number.parseInt(`${hex.slice(6, 8)}${hex.slice(4, 6)}`, 16);

/** The frames that a step puts, or undefined where it does something else than sending. */
function framesOf({ steps }: PreparedStep): readonly string[] | undefined {
  const frames = steps.flatMap((step) => (step.kind === 'frame' ? [formatHex(step.frame)] : []));
  return frames.length === steps.length ? frames : undefined;
}

const askedWith = new WeakMap<KnownValues, Map<CaseStep, readonly string[] | undefined>>();

/**
 * The frames that a step puts, without their sequence numbers; undefined: it puts none with these values. They are kept,
 * because few of the places at which a step is looked for are such.
 */
function askedBy(step: CaseStep, known: KnownValues): readonly string[] | undefined {
  const kept = askedWith.get(known) ?? new Map<CaseStep, readonly string[] | undefined>();
  askedWith.set(known, kept);
  if (!kept.has(step)) {
    let asked: readonly string[] | undefined;
    try {
      asked = framesOf(prepare(step, known, 0))?.map(withoutSeq);
    } catch {
      // It needs a value that is not known.
    }
    kept.set(step, asked);
  }
  return kept.get(step);
}

/** Whether the case demands sequence numbers, so that they must be those of the case. */
function isAboutNumbers({ frames, expect }: CaseStep): boolean {
  return (
    frames !== undefined && typeof expect !== 'string' && expect.some((own: Expectation) => 'seq' in own)
  );
}

/** @returns the number of differences; undefined: the lines hold something else than the steps of the case. */
function differencesAt(
  item: Case,
  known: KnownValues,
  lines: readonly RecordedLine[],
  start: number,
): number | undefined {
  let at = start;
  let differences = 0;
  for (const step of item.steps) {
    while (lines[at]?.op === 'remark') at++;
    const asked = askedBy(step, known);
    const isAsked = asked?.every((frame, index) => withoutSeq(lines[at + index]?.frame ?? '') === frame);
    if (asked === undefined || (step !== alive && !isAsked)) return undefined;
    let prepared: PreparedStep;
    try {
      prepared = prepare(step, known, seqOf(lines[at]?.frame ?? ''));
    } catch {
      return undefined;
    }
    const frames = framesOf(prepared);
    if (frames === undefined) return undefined;
    if (step === alive) {
      if (!livesOn(lines, at, prepared.from)) return undefined;
      continue;
    }
    const own = lines.slice(at, at + frames.length);
    const mask = isAboutNumbers(step) ? (hex: string) => hex : withoutSeq;
    const isThis = frames.every((frame, index) => {
      const line = own[index];
      const isPlain = line?.op === undefined && line?.refused === undefined && line?.from === prepared.from;
      return isPlain && mask(line?.frame ?? '') === mask(frame);
    });
    if (!isThis) return undefined;
    at += frames.length;
    differences += own.some(({ panic }) => panic !== undefined) ? 1 : 0;
    differences += differencesOf(step, prepared, own, known);
  }
  return differences;
}

/** The manager answers the next request of the VM that it can answer, whatever it is. */
function livesOn(lines: readonly RecordedLine[], start: number, from: number): boolean {
  for (const line of lines.slice(start, start + NEXT_ANSWER_MAX)) {
    if (line.panic !== undefined || line.op === 'reboot') return false;
    if ((line.out ?? []).some(({ to, frame }) => to === from && frame.slice(2, 4) === '02')) return true;
  }
  return false;
}

function differencesOf(
  step: CaseStep,
  prepared: PreparedStep,
  lines: readonly RecordedLine[],
  known: KnownValues,
): number {
  const bytes = (hex: string) => parseHex(hex) as Uint8Array;
  const { from } = prepared;
  const sent = {
    ...prepared,
    steps: lines.map(({ frame = '' }) => ({ kind: 'frame', from, frame: bytes(frame) }) as const),
  };
  const responses = lines.map(({ out = [] }) => ({
    out: out.map(({ to, frame }) => ({ to, frame: bytes(frame) })),
    refused: false,
    ended: undefined,
  }));
  return compare(expectedSides(step, prepared, known), messagesIn(sent, responses), true).length;
}

interface Sought {
  readonly item: Case;
  readonly given: readonly CaseStep[];
  /** Those that the case takes for unknown. */
  readonly vmids: readonly number[];
  readonly readsTree: boolean;
  /** The first message holds the number of the VM, or comes from it. */
  readonly namesVm: boolean;
}

const NOBODY: KnownValues = new Map();

function firstFrameOf(step: CaseStep): string {
  return withoutSeq(framesOf(prepare(step, NOBODY, 0))?.[0] ?? '');
}

/** How far the answer may be that shows that a manager lives on. Lines. */
const NEXT_ANSWER_MAX = 64;

/** Message id of a step, as it is written in its queue message. */
function idOf({ message, frames }: CaseStep): string {
  if (message === undefined) return frames?.[0]?.slice(8, 16) ?? '';
  const id = protocol.byName.get(String(message.name))?.id ?? Number(message.id);
  return idText(id);
}

/**
 * The lines of a scenario without those of a boot that follow the last one which the manager answered, if the machine has
 * stopped there: the recording does not say at which of them.
 */
function withoutSilence(lines: readonly RecordedLine[]): readonly RecordedLine[] {
  const boots: RecordedLine[][] = [[]];
  for (const line of lines) {
    if (line.op === 'reboot') boots.push([]);
    boots.at(-1)?.push(line);
  }
  return boots.flatMap((boot) => {
    if (!boot.some(({ op, why = '' }) => op === 'end' && machineStopped(why))) return boot;
    return boot.slice(0, boot.findLastIndex(({ out = [] }) => out.length > 0) + 1);
  });
}

/** Finds the places of recordings at which cases occur, and what the recorded manager did there. */
export class RecordedPlaces {
  /** By the first queue message, or by its message id where it depends on the state. */
  readonly #sought = new Map<string, Sought[]>();
  readonly places = new Map<string, Place[]>();

  constructor(cases: readonly Case[]) {
    for (const item of cases) {
      const [first] = item.steps;
      if (first === undefined || !item.steps.every(isMessage)) continue;
      const given = item.given.filter(isMessage);
      const vmids = numbersOf(item.steps, 'vmid').filter((vmid) => ![0, HLOS, RM].includes(vmid));
      const key = given.length > 0 ? idOf(first) : firstFrameOf(first);
      const all = this.#sought.get(key) ?? [];
      this.#sought.set(key, all);
      const readsTree = item.steps.some(({ message }) => READS_TREE.has(String(message?.name)));
      const namesVm = JSON.stringify([first.from, first.message]).includes('"vm.vmid"');
      all.push({ item, given, vmids, readsTree, namesVm });
    }
  }

  /** @param recording file name in test/recorded. @param select those scenarios that are read. */
  read(recording: string, select: <T>(scenarios: readonly T[]) => readonly T[]): void {
    const scenarios: RecordedLine[][] = [];
    for (const line of recordedLines<RecordedLine>(recording)) {
      if (line.scenario !== undefined) scenarios.push([]);
      scenarios.at(-1)?.push(line);
    }
    for (const scenario of select(scenarios)) this.#scenario(recording, withoutSilence(scenario));
  }

  #scenario(recording: string, [first, ...lines]: readonly RecordedLine[]): void {
    const { hlos_owns_io, debug_build } = first?.platform ?? {};
    if (hlos_owns_io === true || debug_build === true) return;
    let told = new Told();
    for (const [index, line] of lines.entries()) {
      if (line.op === 'reboot') {
        told = new Told();
        continue;
      }
      if (line.frame !== undefined && !told.isUnclear && !told.isContinued(line.from as number, line.frame))
        this.#place(told, lines, index, { recording, scenario: String(first?.scenario), line: index });
      told.put(line);
    }
  }

  #place(told: Told, lines: readonly RecordedLine[], index: number, place: Omit<Place, 'differences'>): void {
    const frame = lines[index]?.frame ?? '';
    const sought = [withoutSeq(frame), frame.slice(8, 16)].flatMap((key) => this.#sought.get(key) ?? []);
    for (const { item, given, vmids, readsTree, namesVm } of sought) {
      if (item.needsBoot !== true && vmids.some((vmid) => told.isKnown(vmid))) continue;
      const isOfBoot = item.needsBoot === true || given.length === 0;
      const histories = isOfBoot ? [told.changes] : told.historiesOf(namesVm ? lines[index] : undefined);
      for (const changes of histories) {
        const isFree = given.length === 0 && item.needsBoot !== true;
        const known = isFree ? NOBODY : keptValuesOf(item, given, changes);
        if (known === undefined || (readsTree && !told.hasPlainTree(changes))) continue;
        const differences = differencesAt(item, known, lines, index);
        if (differences === undefined) continue;
        const all = this.places.get(item.name) ?? [];
        this.places.set(item.name, all);
        all.push({ ...place, differences });
      }
    }
  }
}
