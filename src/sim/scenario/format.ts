import { constants, protocol } from '../../../schemas/index.js';
import { linePackets } from '../../capture/ndjson/index.js';
import { vmGenerations } from '../../host/vm-manager/index.js';
import { type PlatformName, platforms } from '../../rm/index.js';
import { messageTypeNames } from '../../schema/index.js';
import { type FaultRule, faultKinds } from '../faults.js';
import { type BehaviourName, behaviours } from '../kernels/guest.js';
import type { HostGeneration, HostMode } from '../kernels/linux-host.js';
import { type RecordedStep, type RecordingHeader, readHeader, readStep } from '../recording.js';
import type { Delays } from '../world.js';
import { type HostCall, readHostCall } from './host-step.js';
import {
  checkKeys,
  type Line,
  namesOf,
  natural,
  object,
  oneOf,
  optional,
  present,
  refuse,
  text,
  texts,
} from './read.js';

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
  | { readonly kind: 'host'; readonly generation: HostGeneration; readonly mode: HostMode }
  | { readonly kind: 'guest'; readonly vmid: number; readonly does: readonly BehaviourName[] }
  | { readonly kind: 'host_call'; readonly call: HostCall }
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
  /** `OK`, an errno, or `WAITS`: what the host's ioctl is expected to end with. */
  readonly result: string;
  /** Names of what the host's VM manager is expected to find wrong, in order. */
  readonly findings: readonly string[];
  /** How often it is done. */
  readonly times: number;
}

/** Keys of a step that are not part of its message. */
const STEP_KEYS = new Set('at after times as expect out panic refused result findings op driver'.split(' '));

/** Who takes the messages that a step of the host makes RM send, unless it says so. */
const { VMID_HLOS } = constants;

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
    action.kind === 'message'
      ? action.from
      : action.kind === 'host_call'
        ? VMID_HLOS
        : typeof line.from === 'number'
          ? line.from
          : undefined;
  return {
    when: readWhen(line),
    action,
    as: optional(line, 'as', text),
    expect: readExpectations(line.expect, from),
    out: line.out === undefined || action.kind !== 'recorded' ? undefined : action.step.out,
    panic: optional(line, 'panic', text),
    refused: line.refused !== undefined && line.refused !== false,
    result: (action.kind === 'host_call' ? optional(line, 'result', text) : undefined) ?? 'OK',
    findings: optional(line, 'findings', texts) ?? [],
    times: optional(line, 'times', readTimes) ?? 1,
  };
}

function readTimes(value: unknown, path: string): number {
  const times = natural(value, path);
  return times > 0 ? times : refuse(path, '1 or more', value);
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
    case 'host':
      return readHost(line);
    case 'guest':
      return {
        kind: 'guest',
        vmid: natural(line.vmid, 'vmid'),
        does: namesOf(behaviourNames, line.does ?? behaviourNames, 'does'),
      };
    case 'ioctl':
    case 'close':
    case 'guest_mem':
      return { kind: 'host_call', call: readHostCall(line, line.op) };
    default:
      if (line.op !== undefined || line.frame !== undefined)
        return { kind: 'recorded', step: readStep({ ...line, refused: undefined, panic: undefined }) };
      return readMessage(line);
  }
}

const behaviourNames = Object.keys(behaviours) as BehaviourName[];
const hostGenerations = Object.keys(vmGenerations) as HostGeneration[];
const hostModes = ['careful', 'faithful'] as const;

function readHost(line: Line): Action {
  const generation = oneOf(hostGenerations, line.generation ?? 'a14', 'generation');
  return { kind: 'host', generation, mode: oneOf(hostModes, line.mode ?? 'careful', 'mode') };
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
