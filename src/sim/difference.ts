import { constants } from '../../schemas/index.js';
import { formatHex } from '../base/hex.js';
import type { CaptureRecord } from '../capture/records/index.js';
import type { Taken } from '../machine/index.js';
import { decodeAnswers, describeBytes, describeRecord, type Message, recordKeys } from './describe.js';
import type { Comparison } from './replay.js';

const { VMID_RM } = constants;

/** One side of a step that differs. */
export interface Side {
  readonly out: readonly Taken[];
  readonly panic: string | undefined;
  readonly refused: boolean;
}

/** Both sides of a comparison: the recording and the simulation. */
export function sidesOf({ recorded, actual, panic, refused }: Comparison): { expected: Side; actual: Side } {
  return {
    expected: { out: recorded.out, panic: recorded.panic, refused: recorded.refused !== undefined },
    actual: { out: actual, panic, refused },
  };
}

/** Messages of RM on one side. */
function decoded({ recorded }: Comparison, { out }: Side): readonly CaptureRecord[] {
  return decodeAnswers('frame' in recorded ? recorded : undefined, out);
}

function messages({ out }: Side): readonly Message[] {
  return out.map((item) => ({ from: VMID_RM, ...item }));
}

/** A difference on one line: `step 4: expected to 3: reply ... | actual nothing`. */
export function differenceText(comparison: Comparison): string {
  const { expected, actual } = sidesOf(comparison);
  const texts = [expected, actual].map((side) => sideText(side, decoded(comparison, side)));
  const alike = texts[0] === texts[1];
  const [left, right] = alike ? [expected, actual].map((side) => describeBytes(messages(side))) : texts;
  return `step ${comparison.step}: expected ${left} | actual ${right}`;
}

function sideText({ panic, refused }: Side, records: readonly CaptureRecord[]): string {
  const parts = records.map(describeRecord);
  if (refused) parts.push('refused by the queue');
  if (panic !== undefined) parts.push(`panic ${panic}`);
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

/** A difference as data: the queue messages of both sides, also decoded with the keys of `decode --json`. */
export function differenceJson(comparison: Comparison): object {
  const { expected, actual } = sidesOf(comparison);
  const side = (one: Side) => ({
    out: one.out.map(({ to, frame }) => ({ to, frame: formatHex(frame) })),
    ...(one.panic === undefined ? {} : { panic: one.panic }),
    ...(one.refused ? { refused: true } : {}),
    messages: decoded(comparison, one).map(recordKeys),
  });
  return { step: comparison.step, expected: side(expected), actual: side(actual) };
}
