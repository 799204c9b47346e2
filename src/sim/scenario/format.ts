import { protocol } from '../../../schemas/index.js';
import { WireError } from '../../base/error.js';
import { linePackets } from '../../capture/line-packets.js';
import { type PlatformName, platforms } from '../../rm/index.js';
import { messageTypeNames } from '../../schema/index.js';
import { type FaultRule, faultKinds } from '../faults.js';
import { type RecordedStep, type RecordingHeader, readHeader, readStep } from '../recording.js';
import type { Delays } from '../world.js';

export type Line = Readonly<Record<string, unknown>>;

/** First line of a scenario: that of a recording, and more. */
export interface ScenarioHeader extends RecordingHeader {
  readonly seed: number;
  readonly profile: PlatformName;
  readonly careful: boolean;
  readonly delays: Partial<Delays>;
}

/** When a step begins: once everything before has settled, or at a time (ns), or so long (ns) after the step before. */
export type When = { readonly kind: 'settled' } | { readonly kind: 'at' | 'after'; readonly ns: number };

/** A message that is expected to reach a VM: keys of `decode --json`, matched in part. */
export interface Expectation {
  readonly to: number;
  readonly keys: Line;
  /** Name under which its payload can be referred to. */
  readonly as: string | undefined;
}

/** What a step does. */
export type Action =
  | { readonly kind: 'message'; readonly from: number; readonly frames: readonly Uint8Array[] }
  | { readonly kind: 'fault'; readonly rule: FaultRule }
  | { readonly kind: 'faults_off' }
  | { readonly kind: 'hold' | 'release'; readonly vmid: number }
  | { readonly kind: 'recorded'; readonly step: RecordedStep };

export interface ScenarioStep {
  readonly when: When;
  readonly action: Action;
  readonly as: string | undefined;
  readonly expect: readonly Expectation[];
  /** Everything that VMs take during the step, in order and byte by byte; undefined: not compared. */
  readonly out: RecordedStep['out'] | undefined;
  readonly panic: string | undefined;
  /** Whether a queue is expected to refuse the message. */
  readonly refused: boolean;
}

/** Keys of a step that are not part of its message. */
const STEP_KEYS = new Set(['at', 'after', 'as', 'expect', 'out', 'panic', 'refused', 'op', 'driver']);

export function refuse(path: string, expected: string, actual: unknown): never {
  const text = JSON.stringify(actual) ?? 'nothing';
  throw new WireError({ code: 'scenario', path, offset: 0, expected, actual: text.slice(0, 60) });
}

export function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function optional<T>(line: Line, key: string, read: (value: unknown, path: string) => T): T | undefined {
  return line[key] === undefined ? undefined : read(line[key], key);
}

function natural(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(path, 'an integer from 0 up', value);
}

function text(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, 'a text', value);
}

function object(value: unknown, path: string): Line {
  return isLine(value) ? value : refuse(path, 'an object', value);
}

/** Reads the first line. Throws WireError `recording` or `scenario`. */
export function readScenarioHeader(value: unknown): ScenarioHeader {
  const header = readHeader(value);
  const line = object(value, '');
  const delays = optional(line, 'delays', object) ?? {};
  const profile = optional(line, 'profile', text) ?? 'native';
  const ns = (key: string, name: keyof Delays) => {
    const value = optional(delays, key, natural);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...header,
    seed: optional(line, 'seed', natural) ?? 0,
    profile: Object.hasOwn(platforms, profile)
      ? (profile as PlatformName)
      : refuse('profile', Object.keys(platforms).join(', '), profile),
    careful: line.careful === true,
    delays: { ...ns('put_ns', 'putNs'), ...ns('take_ns', 'takeNs'), ...ns('jitter_ns', 'jitterNs') },
  };
}

/**
 * Reads one further line whose references have been replaced. Throws WireError: `scenario` or `recording`, or what is
 * wrong with its message.
 */
export function readScenarioStep(value: unknown): ScenarioStep {
  const line = object(value, '');
  const action = readAction(line);
  const from =
    action.kind === 'message' ? action.from : typeof line.from === 'number' ? line.from : undefined;
  return {
    when: readWhen(line),
    action,
    as: optional(line, 'as', text),
    expect: readExpectations(line.expect, from),
    out: line.out === undefined || action.kind !== 'recorded' ? undefined : action.step.out,
    panic: optional(line, 'panic', text),
    refused: line.refused !== undefined && line.refused !== false,
  };
}

function readWhen(line: Line): When {
  const at = optional(line, 'at', natural);
  const after = optional(line, 'after', natural);
  if (at !== undefined && after !== undefined) return refuse('after', 'nothing beside at', after);
  if (at !== undefined) return { kind: 'at', ns: at };
  return after === undefined ? { kind: 'settled' } : { kind: 'after', ns: after };
}

function readAction(line: Line): Action {
  switch (line.op) {
    case 'fault':
      return { kind: 'fault', rule: readRule(object(line.rule, 'rule')) };
    case 'faults_off':
      return { kind: 'faults_off' };
    case 'hold':
    case 'release':
      return { kind: line.op, vmid: natural(line.vmid, 'vmid') };
    default:
      if (line.op !== undefined || line.frame !== undefined)
        return { kind: 'recorded', step: readStep({ ...line, refused: undefined, panic: undefined }) };
      return readMessage(line);
  }
}

function readMessage(line: Line): Action {
  const from = natural(line.from, 'from');
  const message = Object.fromEntries(Object.entries(line).filter(([key]) => !STEP_KEYS.has(key)));
  return { kind: 'message', from, frames: linePackets(protocol, message).map(({ bytes }) => bytes) };
}

function readExpectations(value: unknown, from: number | undefined): Expectation[] {
  if (value === undefined) return [];
  // A text is the error of the reply.
  if (typeof value === 'string') return readExpectations([{ error: value }], from);
  const list = Array.isArray(value) ? value : [value];
  return list.map((item, index) => {
    const { to, as, ...keys } = object(item, `expect[${index}]`);
    const vmid = to ?? from;
    return {
      to: natural(vmid, `expect[${index}].to`),
      keys: keys.type === undefined ? { type: 'reply', ...keys } : keys,
      as: as === undefined ? undefined : text(as, `expect[${index}].as`),
    };
  });
}

const RULE_KEYS = ['kind', 'match', 'ns', 'size', 'limit'];
const MATCH_KEYS = ['from', 'to', 'type', 'message', 'probability'];

function checkKeys(line: Line, keys: readonly string[], path: string): void {
  for (const key of Object.keys(line))
    if (!keys.includes(key)) refuse(`${path}.${key}`, keys.join(', '), key);
}

function readRule(line: Line): FaultRule {
  checkKeys(line, RULE_KEYS, 'rule');
  const match = optional(line, 'match', object) ?? {};
  checkKeys(match, MATCH_KEYS, 'rule.match');
  const kind =
    faultKinds.find((name) => name === line.kind) ?? refuse('kind', faultKinds.join(', '), line.kind);
  const type = messageTypeNames.find((name) => name === match.type);
  if (match.type !== undefined && type === undefined) refuse('type', messageTypeNames.join(', '), match.type);
  const message = optional(match, 'message', text);
  if (message !== undefined && !protocol.messages.some(({ name }) => name === message))
    refuse('message', 'the name of a message', message);
  const { probability } = match;
  if (probability !== undefined && !(typeof probability === 'number' && probability >= 0 && probability <= 1))
    refuse('probability', '0..1', probability);
  return {
    kind,
    ...present({ ns: optional(line, 'ns', natural), size: optional(line, 'size', natural) }),
    ...present({ limit: optional(line, 'limit', natural) }),
    match: present({
      from: optional(match, 'from', natural),
      to: optional(match, 'to', natural),
      type,
      message,
      probability: probability as number | undefined,
    }),
  };
}

/** Without the keys that have no value. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
