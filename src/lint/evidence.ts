import { protocol } from '../../schemas/index.js';
import { issueText } from '../base/sentence.js';
import { vmidName } from '../capture/payload/index.js';
import { aboutOf } from '../capture/print/index.js';
import type { RecordContents } from '../capture/records/index.js';
import { diagnose } from '../codec/index.js';
import { formatId } from '../schema/index.js';
import { StructType } from '../wire/index.js';
import type { Passage } from './finding.js';
import type { Rule } from './rule.js';
import { ruleOfIssue } from './rules/index.js';

const NOTHING = new Uint8Array(0);
export const ERROR_WORD_SIZE = 4;

/** A place in the payload of a message: a field, or bytes that no field has. */
export interface Where {
  readonly path: string;
  /** In bytes, in replies from after the error word. */
  readonly offset: number;
}

/** A message as a whole. */
export const WHOLE: Where = { path: '', offset: 0 };

/** What decoding finds wrong with a message. */
export interface Fault extends Where {
  readonly rule: Rule;
  /** What the rule says, and what is wrong. */
  readonly text: string;
}

/** What is wrong with a message, without what the capture lacks. */
export function faultsOf({ issues }: RecordContents): readonly Fault[] {
  const faults: Fault[] = [];
  for (const issue of issues) {
    const rule = ruleOfIssue(issue.code);
    if (rule === undefined) continue;
    const { path, offset } = issue;
    faults.push({ path, offset, rule, text: `${rule.why}: ${issueText(issue)}` });
  }
  return faults;
}

/** The bytes of a payload at a place. @param where undefined: the field that the message is about. */
export function passageOf(record: RecordContents, payload: Uint8Array, where: Where | undefined): Passage {
  const path = where?.path ?? subjectOf(record);
  const found = rangeOf(record, payload, path, where?.offset);
  const offset = Math.min(found?.start ?? where?.offset ?? 0, payload.length);
  return { payload, path: found?.path ?? path, offset, end: Math.max(offset, found?.end ?? offset) };
}

/** `HLOS > RM request VM_RESET seq 4: VM 128`. @param about what {@link aboutText} says of it. */
export function headlineOf(record: RecordContents, about = aboutText(record)): string {
  const { from, to, type, seq, id, message } = record;
  const name = message?.name ?? (id === undefined ? '' : formatId(id));
  const head = `${vmName(from)} > ${vmName(to)} ${type}${name && ` ${name}`}${seq === undefined ? '' : ` seq ${seq}`}`;
  return about === '' ? head : `${head}: ${about}`;
}

function vmName(vmid: number): string {
  return vmidName(protocol, vmid) ?? `VM ${vmid}`;
}

/** What a message says: the outcome of a reply, and the fields that matter. */
export function aboutText(record: RecordContents): string {
  const { outcome, text } = aboutOf(protocol, record);
  return outcome && text ? `${outcome}, ${text}` : (outcome ?? text);
}

/** The bytes of the declared fields: of a reply those behind the error word. */
export function payloadOf(record: Pick<RecordContents, 'bytes' | 'raw' | 'type'>): Uint8Array {
  const { bytes } = record;
  // Of a message that is kept, to ask for `raw` is to decode it.
  if (bytes === undefined) return record.raw ?? NOTHING;
  return record.type === 'reply' ? bytes.subarray(ERROR_WORD_SIZE) : bytes;
}

const subjects = new WeakMap<StructType, string>();

/** The first field that the message is about, as far as it was declared. */
function subjectOf(record: RecordContents): string {
  const { layout } = record;
  const struct = layout instanceof StructType ? layout : record.payload && layout?.layoutOf(record.payload);
  if (struct === undefined) return '';
  let subject = subjects.get(struct);
  if (subject === undefined) {
    subject = struct.fieldsInOrder.find(({ info }) => info === 'subject')?.name ?? '';
    subjects.set(struct, subject);
  }
  return subject;
}

/** Bytes and what they are called. */
interface Named {
  readonly start: number;
  readonly end: number;
  readonly path: string;
}

function rangeOf(
  { layout }: RecordContents,
  payload: Uint8Array,
  path: string,
  offset: number | undefined,
): Named | undefined {
  let own: Named | undefined;
  let at: Named | undefined;
  let restStart = 0;
  if (layout !== undefined)
    ({ restStart } = diagnose(layout, payload, undefined, (_mark, scope, start, end) => {
      const name = scope.path();
      if (path !== '' && isWithin(name, path)) own = { start: own?.start ?? start, end, path };
      if (offset !== undefined && start <= offset && offset < end) at ??= { start, end, path: path || name };
    }));
  if (own !== undefined || at !== undefined) return own ?? at;
  const isInRest = offset !== undefined && restStart <= offset && offset < payload.length;
  return isInRest ? { start: restStart, end: payload.length, path } : undefined;
}

function isWithin(path: string, outer: string): boolean {
  if (!path.startsWith(outer)) return false;
  const next = path[outer.length];
  return next === undefined || next === '.' || next === '[';
}
