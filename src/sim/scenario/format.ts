import { defined } from '../../base/defined.js';
import type { FileContents, Taken } from '../../machine/index.js';
import { type PlatformName, platforms } from '../../rm/index.js';
import { type RecordingHeader, readHeader, readOut } from '../recording.js';
import type { Delays } from '../world.js';
import { type Action, readAction } from './operations.js';
import { boolean, type Line, natural, object, optional, refuse, strictly, text, texts } from './read.js';

/** First line of a scenario: that of a recording, and more. */
export interface ScenarioHeader extends RecordingHeader {
  readonly seed: number;
  readonly platform: PlatformName;
  readonly careful: boolean;
  readonly delays: Partial<Delays>;
}

/** When a step begins: after everything has settled, at a time, or a time after the start of the step before. */
export type When = { readonly kind: 'settled' } | { readonly kind: 'at' | 'after'; readonly ns: number };

/** A message that is expected to reach a VM: keys of `decode --json`, matched in part. */
export interface Expectation {
  readonly to: number;
  readonly keys: Line;
  /** Name by which later lines refer to its payload. */
  readonly as: string | undefined;
}

export interface ScenarioStep {
  readonly when: When;
  readonly action: Action;
  readonly as: string | undefined;
  readonly expect: readonly Expectation[];
  /** All messages that VMs take during the step, in order, compared byte by byte; undefined: not compared. */
  readonly out: readonly Taken[] | undefined;
  readonly panic: string | undefined;
  /** Whether a queue is expected to refuse the message. */
  readonly refused: boolean;
  /** `OK`, an errno, or `WAITS`: what the host's ioctl is expected to end with. */
  readonly result: string;
  /** Names of the hazards that the host's VM manager is expected to report, in order. */
  readonly findings: readonly string[];
  /** What VCPU_RUN is expected to come back with; undefined: anything. */
  readonly exit: Line | undefined;
  /** What an access is expected to meet; undefined: anything. */
  readonly seen: Line | undefined;
  /** What the hypervisor or the host is expected to refuse during the step, in part; undefined: anything. */
  readonly refusal: Line | undefined;
  /** How many times the step is done. */
  readonly times: number;
}

/** Reads the first line. Throws WireError `recording` or `scenario`. */
export function readScenarioHeader(value: unknown): ScenarioHeader {
  const header = readHeader(value);
  const line = object(value, '');
  const delays = optional(line, 'delays', object) ?? {};
  const profile = optional(line, 'profile', text) ?? 'native';
  return {
    ...header,
    seed: optional(line, 'seed', natural) ?? 0,
    platform: Object.hasOwn(platforms, profile)
      ? (profile as PlatformName)
      : refuse('profile', Object.keys(platforms).join(', '), profile),
    careful: optional(line, 'careful', boolean) ?? false,
    delays: strictly(delays, 'delays', (line) =>
      defined({
        putNs: optional(line, 'put_ns', natural),
        takeNs: optional(line, 'take_ns', natural),
        jitterNs: optional(line, 'jitter_ns', natural),
      }),
    ),
  };
}

/**
 * Reads one further line whose references have been replaced. Throws WireError: `scenario` or `recording`, or what is
 * wrong with its message.
 */
export function readScenarioStep(value: unknown, file: FileContents): ScenarioStep {
  return strictly(object(value, ''), '', (line) => readStepKeys(line, file), ['driver']);
}

function readStepKeys(line: Line, file: FileContents): ScenarioStep {
  const action = readAction(line, file);
  return {
    when: readWhen(line),
    action,
    exit: optional(line, 'exit', object),
    seen: optional(line, 'seen', object),
    refusal: optional(line, 'refusal', object),
    as: optional(line, 'as', text),
    expect: readExpectations(line.expect, action.from),
    out: line.out === undefined ? undefined : readOut(line),
    panic: optional(line, 'panic', text),
    refused: line.refused !== undefined && line.refused !== false,
    result: (action.call === undefined ? undefined : optional(line, 'result', text)) ?? 'OK',
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

function readExpectations(value: unknown, from: number | undefined): Expectation[] {
  if (value === undefined) return [];
  // A text alone is the expected error of the reply.
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
