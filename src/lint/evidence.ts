import { protocol } from '../../schemas/index.js';
import { vmidName } from '../capture/payload/index.js';
import { aboutOf } from '../capture/print/index.js';
import type { CaptureRecord } from '../capture/records/index.js';
import { diagnose, type Range } from '../codec/index.js';
import { formatId } from '../schema/index.js';
import { StructType } from '../wire/index.js';
import type { Evidence } from './finding.js';

const NOTHING = new Uint8Array(0);
export const ERROR_WORD_SIZE = 4;

/** The message of a record with the bytes of a field. @param path undefined: the field that the message is about. */
export function evidenceOf(record: CaptureRecord, path?: string, offset?: number): Evidence {
  const payload = payloadOf(record);
  const named = path ?? subjectOf(record);
  const range = rangeOf(record, payload, named, offset);
  const at = Math.min(range?.start ?? offset ?? 0, payload.length);
  return {
    headline: headlineOf(record),
    payload,
    path: range?.path ?? named,
    offset: at,
    end: Math.max(at, range?.end ?? at),
  };
}

/** `HLOS > RM request VM_RESET seq 4: VM 128`. */
export function headlineOf(record: CaptureRecord): string {
  const { from, to, type, seq, id, message } = record;
  const vm = (vmid: number) => vmidName(protocol, vmid) ?? `VM ${vmid}`;
  const name = message?.name ?? (id === undefined ? '' : formatId(id));
  const { outcome, text } = aboutOf(protocol, record);
  const about = outcome && text ? `${outcome}, ${text}` : (outcome ?? text);
  const head = `${vm(from)} > ${vm(to)} ${type}${name && ` ${name}`}${seq === undefined ? '' : ` seq ${seq}`}`;
  return about === '' ? head : `${head}: ${about}`;
}

/** The bytes of the declared fields: of a reply those behind the error word. */
export function payloadOf(record: Pick<CaptureRecord, 'bytes' | 'raw' | 'type'>): Uint8Array {
  const { bytes } = record;
  // Of a message that is kept, to ask for `raw` is to decode it.
  if (bytes === undefined) return record.raw ?? NOTHING;
  return record.type === 'reply' ? bytes.subarray(ERROR_WORD_SIZE) : bytes;
}

const subjects = new WeakMap<StructType, string>();

/** The first field that the message is about, as far as it was declared. */
function subjectOf(record: CaptureRecord): string {
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
type Named = Pick<Range, 'start' | 'end' | 'path'>;

function rangeOf(
  { layout }: CaptureRecord,
  payload: Uint8Array,
  path: string,
  offset: number | undefined,
): Named | undefined {
  let own: Named | undefined;
  let at: Named | undefined;
  const { restStart } = diagnose(layout, payload, undefined, (_mark, scope, start, end) => {
    const name = scope.path();
    if (path !== '' && isWithin(name, path)) own = { start: own?.start ?? start, end, path };
    if (offset !== undefined && start <= offset && offset < end) at ??= { start, end, path: path || name };
  });
  if (own !== undefined || at !== undefined) return own ?? at;
  const isInRest = offset !== undefined && restStart <= offset && offset < payload.length;
  return isInRest ? { start: restStart, end: payload.length, path } : undefined;
}

function isWithin(path: string, outer: string): boolean {
  if (!path.startsWith(outer)) return false;
  const next = path[outer.length];
  return next === undefined || next === '.' || next === '[';
}
