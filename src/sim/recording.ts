import { WireError } from '../base/error.js';
import { parseHex } from '../base/hex.js';

/** First line of a recorded scenario. */
export interface RecordingHeader {
  readonly scenario: string;
  readonly queueDepth: number;
  readonly hlosOwnsIo: boolean;
  readonly debugBuild: boolean;
}

export interface RecordedFrame {
  readonly to: number;
  readonly frame: Uint8Array;
}

/** One line of a recorded scenario (vectors/README.md), read. */
export type RecordedStep = StepKind & {
  readonly out: readonly RecordedFrame[];
  readonly panic: string | undefined;
  readonly refused: string | undefined;
  /** A request that the machine's driver added. */
  readonly driver: boolean;
};

export type StepKind =
  | { readonly kind: 'frame' | 'enqueue'; readonly from: number; readonly frame: Uint8Array }
  | {
      readonly kind: 'load';
      readonly address: bigint;
      /** Name of a file, or the bytes themselves. */
      readonly contents: string | Uint8Array;
    }
  | { readonly kind: 'reboot' | 'run' | 'drain' }
  | { readonly kind: 'remark'; readonly attempt: Attempt | undefined; readonly dead: number | undefined }
  | { readonly kind: 'end'; readonly why: string }
  | { readonly kind: 'receive_limit'; readonly vmid: number; readonly count: number }
  | ({
      /** A vCPU halts; or, informative, what running it returned. */
      readonly kind: 'vcpu_halt' | 'vcpu_run_result';
    } & VcpuHalt);

export interface VcpuHalt {
  readonly vmid: number;
  /** Run state as the hypervisor reports it, and its first two data words. */
  readonly state: number;
  readonly data: readonly [bigint, bigint];
}

/** A message that a VM was to send when it was found not to be executing, and how its vCPU was found. */
export interface Attempt {
  readonly from: number;
  readonly frame: Uint8Array;
  /** Run state of the vCPU and first data word. */
  readonly state: number;
  readonly data: bigint;
}

type Line = Readonly<Record<string, unknown>>;

function refuse(path: string, expected: string, actual: unknown): never {
  throw new WireError({ code: 'recording', path, offset: 0, expected, actual: String(actual) });
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function integer(line: Line, key: string): number {
  const value = line[key];
  return Number.isInteger(value) ? (value as number) : refuse(key, 'an integer', value);
}

function text(line: Line, key: string): string {
  const value = line[key];
  return typeof value === 'string' ? value : refuse(key, 'a text', value);
}

function bytes(line: Line, key: string): Uint8Array {
  const value = text(line, key);
  return parseHex(value) ?? refuse(key, 'hex digits', value);
}

function big(value: unknown, path: string): bigint {
  if (typeof value !== 'string' || !/^(0x[0-9a-f]+|\d+)$/i.test(value))
    return refuse(path, 'a number as text', value);
  return BigInt(value);
}

/** Message id and payload of a frame as 32-bit words; what is no whole word at its end is left out. */
export function frameWords(frame: Uint8Array): { readonly id: number; readonly words: readonly number[] } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = frame.byteLength >>> 2;
  const words = Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
  return { id: words[1] ?? 0, words: words.slice(2) };
}

/** Reads the first line. @throws WireError `recording` when it is not one. */
export function readHeader(value: unknown): RecordingHeader {
  if (!isLine(value) || typeof value.scenario !== 'string') return refuse('scenario', 'a first line', value);
  const platform = isLine(value.platform) ? value.platform : {};
  return {
    scenario: value.scenario,
    queueDepth: platform.queue_depth === undefined ? 8 : integer(platform, 'queue_depth'),
    hlosOwnsIo: platform.hlos_owns_io === true,
    debugBuild: platform.debug_build === true,
  };
}

/** Reads one further line. @throws WireError `recording` when it is not a step. */
export function readStep(value: unknown): RecordedStep {
  if (!isLine(value)) return refuse('', 'an object', value);
  const out = Array.isArray(value.out) ? value.out : [];
  return {
    ...readKind(value),
    out: out.map((item: unknown) =>
      isLine(item)
        ? { to: integer(item, 'to'), frame: bytes(item, 'frame') }
        : refuse('out', 'an object', item),
    ),
    panic: value.panic === undefined ? undefined : text(value, 'panic'),
    driver: value.driver !== undefined,
    refused: value.refused === undefined ? undefined : text(value, 'refused'),
  };
}

function readKind(line: Line): StepKind {
  const op = line.op;
  switch (op) {
    case undefined:
      return { kind: 'frame', from: integer(line, 'from'), frame: bytes(line, 'frame') };
    case 'enqueue':
      return { kind: 'enqueue', from: integer(line, 'from'), frame: bytes(line, 'frame') };
    case 'load':
      return {
        kind: 'load',
        address: big(line.address, 'address'),
        contents: line.data === undefined ? text(line, 'file') : bytes(line, 'data'),
      };
    case 'receive_limit':
      return { kind: 'receive_limit', vmid: integer(line, 'vmid'), count: integer(line, 'count') };
    case 'vcpu_halt':
    case 'vcpu_run_result': {
      const data = Array.isArray(line.data) ? line.data : [];
      return {
        kind: op,
        vmid: integer(line, 'vmid'),
        state: integer(line, 'state'),
        data: [big(data[0] ?? '0', 'data'), big(data[1] ?? '0', 'data')],
      };
    }
    case 'remark':
      return { kind: op, attempt: readAttempt(line.text), dead: readDead(line.text) };
    case 'end':
      return { kind: op, why: typeof line.why === 'string' ? line.why : '' };
    case 'reboot':
    case 'run':
    case 'drain':
      return { kind: op };
    default:
      return refuse('op', 'a known operation', op);
  }
}

const ATTEMPT =
  /^not possible here \(that VM is not executing\): from (\d+) frame ([0-9a-f]+); vcpu \1 (\d+) (\d+) /;

/** What a remark says about a message that could not be sent; undefined for any other remark. */
function readAttempt(remark: unknown): Attempt | undefined {
  const [, from, hex, state, data] = (typeof remark === 'string' ? ATTEMPT.exec(remark) : null) ?? [];
  const frame = hex === undefined ? undefined : parseHex(hex);
  if (from === undefined || frame === undefined || state === undefined || data === undefined)
    return undefined;
  return { from: Number(from), frame, state: Number(state), data: BigInt(data) };
}

/** A VM that a remark says never came up or never came back: `dead`, by its VMID. */
function readDead(remark: unknown): number | undefined {
  const [, vmid] = (typeof remark === 'string' ? /; dead (\d+)(?:;|$)/.exec(remark) : null) ?? [];
  return vmid === undefined ? undefined : Number(vmid);
}
