import { protocol } from '../../../schemas/index.js';
import { firstLine } from '../../base/text.js';
import { type Ending, frameId, type Step } from '../../target/index.js';

/**
 * `crash`, `hang` and `panic`: the target ended; `reply`: it broke a rule that holds for all replies; `difference`: the
 * reference manager answers something else; `leak`: not everything was given back; `nondeterminism`: the same session
 * was answered in two ways.
 */
export const causeKinds = [
  'crash',
  'hang',
  'panic',
  'reply',
  'difference',
  'leak',
  'nondeterminism',
] as const;
export type CauseKind = (typeof causeKinds)[number];

export interface Cause {
  readonly kind: CauseKind;
  /** Identifies the cause: findings with the same key are one. It holds no numbers that differ between sessions. */
  readonly key: string;
  /** What happened in this session, for people. */
  readonly text: string;
  /** What the reference manager and the target did in the last step, one text for each message. */
  readonly sides?: { readonly reference: readonly string[]; readonly target: readonly string[] };
}

/** Kind and key. */
export function causeTitle({ kind, key }: Cause): string {
  return key.startsWith(`${kind} `) ? key : `${kind}: ${key}`;
}

/** @param predicted the panic of the reference manager at the same step. */
export function endingCause(step: Step, { kind, text }: Ending, predicted: string | undefined): Cause {
  return { kind, key: `${kind} ${predicted ?? endingKey(step, kind, text)}`, text };
}

function endingKey(step: Step, kind: Ending['kind'], text: string): string {
  if (kind === 'panic') return text;
  const fault = sanitizerFault(text) ?? namedPlace(text);
  if (fault !== undefined) return fault;
  const what = kind === 'hang' ? '' : `${firstLine(text).replace(/0x[0-9a-f]+|\b\d+\b/gi, '#')} `;
  return `${what}on ${step.kind === 'frame' ? messageName(frameId(step.frame)) : step.kind}`;
}

/** The fault and the function of a sanitizer's report. Its addresses, process ids and sizes differ between runs. */
function sanitizerFault(text: string): string | undefined {
  const [, fault] = /(?:Address|Leak|Memory|Thread)Sanitizer:? (\S+)/.exec(text) ?? [];
  if (fault === undefined) return undefined;
  const frames = [...text.matchAll(/#\d+ 0x[0-9a-f]+ in (\w+)[^\n]*/gi)];
  // The first frames are often the sanitizer's own.
  const own = frames.find(([line]) => !/interceptor|sanitizer|libasan|libc/i.test(line)) ?? frames[0];
  return own === undefined ? fault : `${fault} in ${own[1]}`;
}

/**
 * The place that the target names: in its `abort` line, or as assertions, UBSan and Rust print it. The same place is one
 * cause, whatever message leads there.
 */
function namedPlace(text: string): string | undefined {
  const [, said] = /^abort ([^\n]+)/.exec(text) ?? [];
  const [, file] = /([\w./-]+\.(?:c|cc|cpp|h|hpp|rs|S):\d+)/.exec(said ?? '') ?? [];
  if (file !== undefined) return `at ${file}`;
  if (said !== undefined && /^[\w.:-]+$/.test(said) && /[a-z_]{3}/i.test(said)) return said;
  const [, where] =
    /([\w./-]+:\d+)(?::\d+)?: (?:runtime error|\w+: Assertion)/.exec(text) ??
    /panicked at (?:'[^']*', )?([\w./-]+:\d+)/.exec(text) ??
    [];
  if (where !== undefined) return `at ${where}`;
  const [heap] =
    /(?:malloc|free|realloc)\(\): [\w ]+|double free or corruption|stack smashing detected/.exec(text) ?? [];
  return heap;
}

/** Name of a message for keys of causes: all ids without a name are one. */
export function messageName(id: number): string {
  return protocol.byId.get(id)?.name ?? 'an unknown message';
}
