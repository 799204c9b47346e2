import type { TextOutput } from '../../base/text-output.js';
import type { Finding, LintNote } from '../finding.js';

/** Writes a report, piece by piece. */
export interface Report {
  begin?(output: TextOutput): void;
  finding(file: string, finding: Finding, output: TextOutput): void;
  /** What cannot be known. */
  note?(file: string, note: LintNote, output: TextOutput): void;
  end?(output: TextOutput): void;
}

/** The step of a recording or the packet of a capture, for people. */
export function placeText({ scenario, step, frame, no }: Finding['place']): string {
  if (step !== undefined) return scenario === undefined ? `step ${step}` : `${scenario}, step ${step}`;
  return no === undefined ? `packet ${frame}` : `packet ${frame}, message ${no}`;
}

/** Line of a recording, from 1: its first line is not a step. Unknown in a file of several. */
export function lineOf({ step, scenario }: Finding['place']): number | undefined {
  return step === undefined || scenario !== undefined ? undefined : step + 1;
}

/** The finding as a sentence or two. */
export function sentenceOf({ text, rule, evidence }: Finding): string {
  const about = evidence === undefined ? '' : `${evidence.headline}: `;
  return `${about}${text}. Instead: ${rule.instead}.`;
}
