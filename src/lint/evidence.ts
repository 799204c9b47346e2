import { protocol } from '../../schemas/index.js';
import { vmidName } from '../capture/payload/index.js';
import { aboutOf } from '../capture/print/index.js';
import type { CaptureRecord } from '../capture/records/index.js';
import { annotate, type Range } from '../codec/index.js';
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
  const about = [outcome, text].filter((part) => part !== undefined && part !== '').join(', ');
  const head = [`${vm(from)} > ${vm(to)}`, type, name, seq === undefined ? '' : `seq ${seq}`]
    .filter((part) => part !== '')
    .join(' ');
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

function rangeOf(
  { layout }: CaptureRecord,
  payload: Uint8Array,
  path: string,
  offset: number | undefined,
): Pick<Range, 'start' | 'end' | 'path'> | undefined {
  const { ranges } = annotate(layout, payload);
  const own = ranges.filter((range) => path !== '' && isWithin(range.path, path));
  const [first] = own;
  const last = own.at(-1);
  if (first !== undefined && last !== undefined) return { start: first.start, end: last.end, path };
  const at = ranges.find(({ start, end }) => offset !== undefined && start <= offset && offset < end);
  return at === undefined ? undefined : { ...at, path: path || at.path };
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
