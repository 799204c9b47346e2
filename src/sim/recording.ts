import { WireError } from '../base/error.js';

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
  | { readonly kind: 'load'; readonly address: bigint; readonly file: string }
  | { readonly kind: 'reboot' | 'run' | 'drain' | 'remark' | 'end' | 'vcpu_run_result' }
  | { readonly kind: 'receive_limit'; readonly vmid: number; readonly count: number }
  | {
      readonly kind: 'vcpu_halt';
      readonly vmid: number;
      readonly state: number;
      readonly data: readonly [bigint, bigint];
    };

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
  if (!/^([0-9a-f]{2})*$/i.test(value)) return refuse(key, 'hex digits', value);
  return Uint8Array.from({ length: value.length / 2 }, (_, index) =>
    Number.parseInt(value.slice(index * 2, index * 2 + 2), 16),
  );
}

function big(value: unknown, path: string): bigint {
  if (typeof value !== 'string' || !/^(0x[0-9a-f]+|\d+)$/i.test(value))
    return refuse(path, 'a number as text', value);
  return BigInt(value);
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
      return { kind: 'load', address: big(line.address, 'address'), file: text(line, 'file') };
    case 'receive_limit':
      return { kind: 'receive_limit', vmid: integer(line, 'vmid'), count: integer(line, 'count') };
    case 'vcpu_halt': {
      const data = Array.isArray(line.data) ? line.data : [];
      return {
        kind: 'vcpu_halt',
        vmid: integer(line, 'vmid'),
        state: integer(line, 'state'),
        data: [big(data[0] ?? '0', 'data'), big(data[1] ?? '0', 'data')],
      };
    }
    case 'reboot':
    case 'run':
    case 'drain':
    case 'remark':
    case 'end':
    case 'vcpu_run_result':
      return { kind: op };
    default:
      return refuse('op', 'a known operation', op);
  }
}
