import { protocol } from '../../../schemas/index.js';
import { formatId } from '../../schema/index.js';
import { idOf } from '../targets/frames.js';
import type { Ending, Step } from '../targets/step.js';

/**
 * What went wrong with a target. `crash`, `hang` and `panic` are its end; `reply`: it broke the rules of replies;
 * `difference`: the reference manager says something else; `leak`: not everything came back; `nondeterminism`: it
 * answered the same session otherwise before.
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
  /** Two findings with one key are one: what is wrong, without numbers that differ from session to session. */
  readonly key: string;
  /** What happened this time, for people. */
  readonly text: string;
}

/** What is wrong in a few words. */
export function causeTitle({ kind, key }: Cause): string {
  return key.startsWith(`${kind} `) ? key : `${kind}: ${key}`;
}

/** @param predicted where the reference manager, put to the same, died. */
export function endingCause(step: Step, { kind, text }: Ending, predicted: string | undefined): Cause {
  return { kind, key: `${kind} ${predicted ?? endingKey(step, kind, text)}`, text };
}

function endingKey(step: Step, kind: Ending['kind'], text: string): string {
  if (kind === 'panic') return text;
  const fault = sanitizerFault(text);
  if (fault !== undefined) return fault;
  const what = kind === 'hang' ? '' : `${firstLine(text).replace(/0x[0-9a-f]+|\b\d+\b/gi, '#')} `;
  return `${what}on ${step.kind === 'frame' ? messageName(idOf(step.frame)) : step.kind}`;
}

/** Sanitizers name the fault and the function; addresses, process ids and sizes differ from run to run. */
function sanitizerFault(text: string): string | undefined {
  const [, fault] = /(?:Address|Leak|Memory|Thread)Sanitizer:? (\S+)/.exec(text) ?? [];
  if (fault === undefined) return undefined;
  const frames = [...text.matchAll(/#\d+ 0x[0-9a-f]+ in (\w+)[^\n]*/gi)];
  // Frames of the sanitizer's own library are nobody's fault.
  const own = frames.find(([line]) => !/interceptor|sanitizer|libasan|libc/i.test(line)) ?? frames[0];
  return own === undefined ? fault : `${fault} in ${own[1]}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}

/** Name of a message by its id, or the id. */
export function messageName(id: number): string {
  return protocol.byId.get(id)?.name ?? formatId(id);
}
