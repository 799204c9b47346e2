import { formatHex } from '../base/hex.js';
import { writeOperation } from '../machine/index.js';
import type { Response, Step } from './step.js';

/** A step and what a target did with it, as a line of a recording (vectors/README.md). */
export function recordedLine(step: Step, response: Response | undefined): object {
  const out = response?.out.map(({ to, frame }) => ({ to, frame: formatHex(frame) })) ?? [];
  return {
    ...writeOperation(step),
    ...(out.length === 0 ? {} : { out }),
    ...(response?.ended === undefined ? {} : { panic: response.ended.text }),
    ...(response?.refused === true ? { refused: 'by the queue' } : {}),
  };
}
