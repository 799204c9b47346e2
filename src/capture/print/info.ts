import { issueText } from '../../base/sentence.js';
import { annotate } from '../../codec/index.js';
import type { Payload, Protocol } from '../../schema/index.js';
import {
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  type InfoPart,
  infoParts,
  type ListType,
  StructType,
  type Values,
} from '../../wire/index.js';
import { enumName } from '../payload/index.js';
import type { CaptureRecord, RecordContents } from '../records/index.js';
import { type FieldValues, phrase } from './info-phrase.js';

/** What matters of a message, for one line: `VM 128 INIT -> READY`. */
export interface Info {
  /** The error word of a reply: its name, or `error 0x1f`. Undefined for all other messages. */
  readonly outcome: string | undefined;
  /** What matters of the payload, as the declarations say. Empty if nothing does. */
  readonly text: string;
  /** What is wrong with the message. Undefined if nothing is. */
  readonly problem: string | undefined;
}

/**
 * Sums a message up. Which fields matter, and in which order, is declared with the fields (`info`).
 *
 * @param before the state before, of a message that reports a state; see {@link StatesBefore}.
 */
export function infoOf(protocol: Protocol, record: CaptureRecord, before?: number): Info {
  return { ...aboutOf(protocol, record, before), problem: problemOf(record) };
}

/** As {@link infoOf}, without what is wrong with the message. */
export function aboutOf(
  protocol: Protocol,
  record: RecordContents,
  before?: number,
): Pick<Info, 'outcome' | 'text'> {
  const { error, layout, payload, rest, raw } = record;
  const outcome =
    error === undefined ? undefined : (enumName(protocol.error, error) ?? `error 0x${error.toString(16)}`);
  const texts = [];
  if (layout !== undefined && payload !== undefined)
    texts.push(payloadInfo(protocol, layout, payload, before));
  if (record.queue !== undefined) texts.push(`queue ${record.queue}`);
  if (record.duplicateOf !== undefined) texts.push(`repeats #${record.duplicateOf}`);
  const bytes = rest ?? (layout === undefined ? raw : undefined);
  if (bytes !== undefined) {
    const more = texts.some((text) => text !== '') ? ' more' : '';
    texts.push(`${bytes.length}${more} ${bytes.length === 1 ? 'byte' : 'bytes'}`);
  }
  return { outcome, text: texts.filter((text) => text !== '').join(', ') };
}

/** Takes of the record only what it needs: the records of the page make what they are asked for. */
function problemOf(record: CaptureRecord): string | undefined {
  const texts = record.issues.map(issueText);
  if (record.incomplete) {
    const { packets, announced } = record;
    texts.unshift(`incomplete: ${packets.length - 1} of ${announced} continuations came`);
  }
  if (record.type === 'continuation') texts.unshift('a continuation that no message in progress takes');
  const [first, ...others] = texts;
  return others.length === 0 ? first : `${first} (and ${others.length} more)`;
}

/** A field that the line tells, and the part that it has there. */
interface Piece extends FieldValues {
  readonly part: InfoPart;
  /** The text in place of the phrase. */
  readonly text?: string;
}

function payloadInfo(protocol: Protocol, layout: Payload, payload: Values, before?: number): string {
  const struct = layout instanceof StructType ? layout : layout.layoutOf(payload);
  const pieces = struct === undefined ? [] : piecesOf(struct, payload, before);
  let line = '';
  let previous: InfoPart | undefined;
  for (const part of infoParts) {
    for (const piece of pieces) {
      if (piece.part !== part) continue;
      const text = piece.text ?? phrase(protocol, piece);
      if (text === '') continue;
      line += `${separator(line, previous, piece)}${text}`;
      previous = part;
    }
  }
  // A reply that lists nothing says so. A request with an empty list leaves the choice to the manager.
  return line === '' && pieces.some(({ values }) => values.length === 0) ? 'none' : line;
}

function separator(line: string, previous: InfoPart | undefined, { part, field }: Piece): string {
  const space = line === '' ? '' : ' ';
  if (part === 'to' || part === 'from' || part === 'by' || part === 'at') return `${space}${part} `;
  const isName = field.type instanceof EnumType || field.type instanceof FlagsType;
  if (line === '' || (previous === 'subject' && part === 'what' && isName)) return space;
  return ', ';
}

function piecesOf(struct: StructType, values: Values, before?: number): Piece[] {
  return toldOf(struct).fields.flatMap((field) => {
    const value = values[field.name];
    const part = field.info as InfoPart;
    if (value === undefined) return [];
    if (Array.isArray(value)) return listPieces(field, part, value, values);
    const inside = field.type instanceof BytesType ? field.type.options.inside : undefined;
    if (inside !== undefined) return piecesOf(inside, annotate(inside, value as Uint8Array).value);
    const text = changeText(field, value, before);
    return [{ part, field, values: [value], owners: [values], ...(text === undefined ? {} : { text }) }];
  });
}

function listPieces(field: Field, part: InfoPart, items: readonly unknown[], owner: Values): Piece[] {
  const entry = (field.type as ListType).entryType(owner);
  if (entry === undefined) return [];
  if (!(entry instanceof StructType))
    return [{ part, field: { ...field, type: entry }, values: items, owners: [] }];
  return toldOf(entry).fields.map((inner) => {
    // The last entry of a payload that was cut lacks fields.
    const whole = (items as readonly Values[]).filter((item) => item[inner.name] !== undefined);
    return {
      part: inner.info === 'what' ? part : (inner.info as InfoPart),
      field: inner,
      values: whole.map((item) => item[inner.name]),
      owners: whole,
    };
  });
}

/** `INIT -> READY` where a field reports another state than before. */
function changeText(
  { type, stateOf }: Field,
  value: unknown,
  before: number | undefined,
): string | undefined {
  if (stateOf === undefined || before === undefined || before === value) return undefined;
  const name = (state: number) => enumName(type as EnumType, state) ?? String(state);
  return `${name(before)} -> ${name(value as number)}`;
}

/** What of a struct the line tells. */
interface Told {
  /** The fields that have a part in the line. */
  readonly fields: readonly Field[];
  /** The one that reports a state. */
  readonly state: Field | undefined;
}

const toldByStruct = new WeakMap<StructType, Told>();

function toldOf(struct: StructType): Told {
  let told = toldByStruct.get(struct);
  if (told === undefined) {
    const fields = struct.fieldsInOrder.filter(({ info }) => info !== undefined);
    told = { fields, state: fields.find(({ stateOf }) => stateOf !== undefined) };
    toldByStruct.set(struct, told);
  }
  return told;
}

/** VMs whose states are remembered. A capture has fewer; one that is damaged may name any. */
const vmsMax = 4096;

/** Remembers the states that messages report, so that {@link infoOf} can tell the state before. */
export class StatesBefore {
  /** By receiver and VM: each receiver is told of a change by a message of its own. */
  readonly #states = new Map<number, number>();

  /**
   * Takes the records of a capture in their order.
   *
   * @returns the state that the last message to the same receiver reported of the same VM. Undefined if none did, or if
   *   this record reports no state.
   */
  take(record: CaptureRecord): number | undefined {
    const { layout, to } = record;
    const field = layout instanceof StructType ? toldOf(layout).state : undefined;
    // Few messages report a state: the others need not be decoded here.
    const payload = field && record.payload;
    if (field === undefined || payload === undefined) return undefined;
    const [state, vmid] = [payload[field.name], payload[field.stateOf as string]] as (number | undefined)[];
    if (state === undefined || vmid === undefined) return undefined;
    const key = to * 0x10000 + vmid;
    const before = this.#states.get(key);
    if (before === undefined && this.#states.size >= vmsMax) this.#states.clear();
    this.#states.set(key, state);
    return before;
  }
}
