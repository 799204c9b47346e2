import { viewOf } from '../base/bytes.js';
import { parseHex } from '../base/hex.js';
import { isLine, type Line, lineReaders } from '../base/line-readers.js';
import {
  type FileContents,
  type Operation,
  operations,
  readOperation,
  readVcpu,
  type Taken,
  type VcpuHalt,
} from '../machine/index.js';
import { type ManagerProfile, managers } from '../rm/index.js';

const { refuse, natural, text, boolean, list, object, hex, optional, strictly } = lineReaders('recording');

/** First line of a recorded scenario. */
export interface RecordingHeader {
  readonly scenario: string;
  readonly queueDepth: number;
  readonly hlosOwnsIo: boolean;
  readonly debugBuild: boolean;
  /** Whose manager: the key `manager`. */
  readonly profile: ManagerProfile;
}

/** A line that does nothing to the machine. */
export type Note =
  | { readonly kind: 'remark'; readonly attempt: Attempt | undefined; readonly dead: number | undefined }
  | { readonly kind: 'end'; readonly why: string }
  /** What running a vCPU returned. */
  | ({ readonly kind: 'vcpu_run_result' } & VcpuHalt);

/** One line of a recorded scenario (vectors/README.md), read. */
export type RecordedStep = (Operation | Note) & {
  readonly out: readonly Taken[];
  readonly panic: string | undefined;
  readonly refused: string | undefined;
  /** A request that the machine's driver added. */
  readonly driver: boolean;
};

/** A message that a VM should have sent but could not because it was not executing, and the state of its vCPU. */
export interface Attempt {
  readonly from: number;
  readonly frame: Uint8Array;
  /** Run state of the vCPU and first data word. */
  readonly state: number;
  readonly data: bigint;
}

/** A line that needs no reading: it was made from packets, and was never text. */
export class ReadLine {
  constructor(readonly step: RecordedStep) {}
}

/** Message id and payload of a frame as 32-bit words. Bytes after the last whole word are left out. */
export function frameWords(frame: Uint8Array): { readonly id: number; readonly words: readonly number[] } {
  const view = viewOf(frame);
  const count = frame.byteLength >>> 2;
  const words = Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
  return { id: words[1] ?? 0, words: words.slice(2) };
}

/** Reads the first line. @throws WireError `recording` when it is not one. */
export function readHeader(value: unknown): RecordingHeader {
  if (!isLine(value) || typeof value.scenario !== 'string') return refuse('scenario', 'a first line', value);
  return strictly(value, '', readFirst, firstLineKeys);
}

/** Keys of the first line that change nothing in a replay: words for people, and what scenarios and findings say there. */
const firstLineKeys = ['description', 'identical_to_rm23', 'profile', 'careful', 'seed', 'delays', 'fuzz'];
/** How a recording was made. */
const platformNotes = ['genuine', 'profile'];

function readFirst(line: Line): RecordingHeader {
  const platform = optional(line, 'platform', object) ?? {};
  return {
    scenario: text(line.scenario, 'scenario'),
    ...strictly(platform, 'platform', readPlatform, platformNotes),
    profile: readManager(line.manager ?? managers.rm23.name),
  };
}

function readPlatform(platform: Line) {
  return {
    queueDepth: optional(platform, 'queue_depth', natural) ?? 8,
    hlosOwnsIo: optional(platform, 'hlos_owns_io', boolean) ?? false,
    debugBuild: optional(platform, 'debug_build', boolean) ?? false,
  };
}

function readManager(name: unknown): ManagerProfile {
  const found = Object.values(managers).find((profile) => profile.name === name);
  return found ?? refuse('manager', Object.keys(managers).join(', '), name);
}

/** Reads one further line. @throws WireError `recording` when it is not a step. */
export function readStep(value: unknown, file: FileContents): RecordedStep {
  if (value instanceof ReadLine) return value.step;
  return strictly(object(value, ''), '', (line) => ({
    ...(readNote(line) ?? readOperation(ofRecording(line), file)),
    out: readOut(line),
    panic: optional(line, 'panic', text),
    driver: line.driver !== undefined,
    refused: optional(line, 'refused', text),
  }));
}

/** Scenarios begin as recordings do, but their messages have names, and other things happen in them. */
function ofRecording(line: Line): Line {
  const { op, name, frame } = line;
  const isForeign =
    op === undefined ? name !== undefined && frame === undefined : !Object.hasOwn(operations, String(op));
  if (!isForeign) return line;
  return refuse(
    op === undefined ? 'name' : 'op',
    'a step of a recording (simulate plays scenarios)',
    op ?? name,
  );
}

/** Messages that VMs took during a step, in order. @throws WireError `recording` */
export function readOut(line: Line): Taken[] {
  return (optional(line, 'out', list) ?? []).map((item, index) => {
    const path = `out[${index}]`;
    return strictly(object(item, path), path, ({ to, frame }) => ({
      to: natural(to, `${path}.to`),
      frame: hex(frame, `${path}.frame`),
    }));
  });
}

/** Reads a line that does nothing to the machine; undefined for any other. @throws WireError `recording` */
export function readNote(line: Line): Note | undefined {
  switch (line.op) {
    case 'remark':
      return { kind: line.op, attempt: readAttempt(line.text), dead: readDead(line.text) };
    case 'end':
      return { kind: line.op, why: optional(line, 'why', text) ?? '' };
    case 'vcpu_run_result':
      return { kind: line.op, ...readVcpu(line) };
    default:
      return undefined;
  }
}

const ATTEMPT =
  /^not possible here \(that VM is not executing\): from (\d+) frame ([0-9a-f]+); vcpu \1 (\d+) (\d+) /;

/** What a remark says about a message that could not be sent; undefined for any other remark. */
function readAttempt(remark: unknown): Attempt | undefined {
  const [, from, digits, state, data] = (typeof remark === 'string' ? ATTEMPT.exec(remark) : null) ?? [];
  const frame = digits === undefined ? undefined : parseHex(digits);
  if (from === undefined || frame === undefined || state === undefined || data === undefined)
    return undefined;
  return { from: Number(from), frame, state: Number(state), data: BigInt(data) };
}

/** VMID of the VM that a remark calls `dead`: it never started, or stopped for good. */
function readDead(remark: unknown): number | undefined {
  const [, vmid] = (typeof remark === 'string' ? /; dead (\d+)(?:;|$)/.exec(remark) : null) ?? [];
  return vmid === undefined ? undefined : Number(vmid);
}
