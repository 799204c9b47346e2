import type { Ending } from '../step.js';

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

/** @param predicted where the reference manager, put to the same, died. */
export function endingCause({ kind, text }: Ending, predicted: string | undefined): Cause {
  const what = kind === 'panic' || predicted === undefined ? endingKey(text) : predicted;
  return { kind, key: kind === 'hang' && predicted === undefined ? 'hang' : `${kind} ${what}`, text };
}

/** Sanitizers name the fault and the function; addresses, process ids and sizes differ from run to run. */
function endingKey(text: string): string {
  const [, fault] = /(?:Address|Leak|Memory|Thread)Sanitizer:? (\S+)/.exec(text) ?? [];
  if (fault === undefined) return firstLine(text).replace(/0x[0-9a-f]+|\b\d+\b/gi, '#');
  // Frames of the sanitizer's own library are nobody's fault.
  const frames = [...text.matchAll(/#\d+ 0x[0-9a-f]+ in (\w+)[^\n]*/gi)];
  const own = frames.find(([line]) => !/interceptor|sanitizer|libasan|libc/i.test(line)) ?? frames[0];
  return own === undefined ? fault : `${fault} in ${own[1]}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
