import { constants } from '../../../schemas/index.js';
import { fieldChanges } from '../../capture/diff/index.js';
import type { Json } from '../../capture/payload/index.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import { decodeAnswers } from '../../sim/describe.js';
import { decodeMessages, describeBytes, describeMessages, recordKeys } from '../../sim/index.js';
import type { Response, Step } from '../../target/index.js';
import type { Cause } from './cause.js';

const { VMID_RM } = constants;

/** What one manager did with a step. */
export type Side = Pick<Response, 'out' | 'refused'>;

/** A difference as a cause. Its key names the first message that differs, and how. */
export function differenceOf(step: Step, expected: Side, actual: Side): Cause {
  const texts = [expected, actual].map(({ out, refused }) =>
    refused ? 'refused by the queue' : describeMessages(sent(out)),
  );
  const alike = texts[0] === texts[1];
  const [left, right] = alike ? [expected, actual].map(({ out }) => describeBytes(sent(out))) : texts;
  const key = keyOf(step, expected, actual);
  const sides = { reference: sideOf(expected, alike), target: sideOf(actual, alike) };
  return { kind: 'difference', key, text: `${key}: reference ${left} | target ${right}`, sides };
}

/** What one manager did, message by message. @param asBytes where both decode to the same. */
function sideOf({ out, refused }: Side, asBytes: boolean): readonly string[] {
  if (refused) return ['refused by the queue'];
  return sent(out).map((message) => (asBytes ? describeBytes([message]) : describeMessages([message])));
}

function sent(out: Side['out']) {
  return out.map((item) => ({ from: VMID_RM, ...item }));
}

function keyOf(step: Step, expected: Side, actual: Side): string {
  if (expected.refused !== actual.refused)
    return `${messageOf(step)} ${actual.refused ? 'refused' : 'not refused'} by the queue`;
  const asked = step.kind === 'frame' ? step : undefined;
  const [wanted, got] = [decodeAnswers(asked, expected.out), decodeAnswers(asked, actual.out)];
  for (let index = 0; index < Math.max(wanted.length, got.length); index++) {
    const key = recordKey(wanted[index], got[index]);
    if (key !== undefined) return key;
  }
  return `${messageOf(step)}: other bytes`;
}

function messageOf(step: Step): string {
  if (step.kind !== 'frame') return step.kind;
  const [record] = decodeMessages([{ from: step.from, to: VMID_RM, frame: step.frame }]);
  return record === undefined ? 'frame' : titleOf(record);
}

function titleOf(record: CaptureRecord): string {
  const { type, name, id } = recordKeys(record);
  return `${type} ${name ?? id ?? ''}`.trim();
}

/** How two messages differ; undefined when they do not. */
function recordKey(wanted: CaptureRecord | undefined, got: CaptureRecord | undefined): string | undefined {
  if (wanted === undefined) return got && `${titleOf(got)} not expected`;
  if (got === undefined) return `${titleOf(wanted)} missing`;
  if (titleOf(wanted) !== titleOf(got)) return `${titleOf(got)} instead of ${titleOf(wanted)}`;
  const [first, second] = [wanted, got].map(recordKeys) as [Keys, Keys];
  if (first.to !== second.to) return `${titleOf(got)} to another VM`;
  if (first.error !== second.error) return `${titleOf(got)} ${second.error} instead of ${first.error}`;
  const [change] = fieldChanges(compared(first), compared(second));
  return change && `${titleOf(got)}: ${change.path.replace(/\[\d+\]/g, '[]')}`;
}

type Keys = Readonly<Record<string, unknown>>;

/** The keys that come from the message itself. */
function compared({ seq, payload, rest, raw, issues, incomplete, sizes }: Keys): Json {
  const keys = { seq, sizes, payload, rest, raw, issues, incomplete };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)) as Json;
}
