import { readFileSync } from 'node:fs';
import type { Json } from '../../src/capture/payload/index.js';

/**
 * Payload bytes made from test/reference/messages.json and a value in NDJSON notation, and from nothing of src: the
 * second opinion on every layout.
 */
interface RefField {
  readonly name: string;
  readonly type: string;
  readonly size?: number;
  readonly length_from?: string;
  readonly pad_to?: number | null;
  readonly encoding?: string | { readonly select: string; readonly cases: Readonly<Record<string, string>> };
  readonly count?: { readonly type: string };
  readonly second?: {
    readonly name: string;
    readonly type: string;
    readonly size?: number;
    readonly pad?: number;
  } | null;
  readonly entry?:
    | string
    | { readonly select: { readonly field: string }; readonly cases: Readonly<Record<string, string>> };
  readonly cases?: Readonly<Record<string, readonly RefField[]>>;
}
interface RefLayout {
  readonly may_be_empty?: boolean;
  readonly fields: readonly RefField[];
}
interface Reference {
  readonly enums: Readonly<Record<string, { size: number; values: Record<string, number> }>>;
  readonly flags: Readonly<Record<string, { size: number; bits: Record<string, number> }>>;
  readonly structs: Readonly<Record<string, readonly RefField[]>>;
  readonly messages: readonly ({ readonly name: string; readonly id: string } & Readonly<
    Partial<Record<'request' | 'reply' | 'payload' | 'error_reply', RefLayout | null>>
  >)[];
}

const reference = JSON.parse(
  readFileSync(new URL('../reference/messages.json', import.meta.url), 'utf8'),
) as Reference;
const byName = new Map(reference.messages.map((message) => [message.name, message]));

type Value = Readonly<Record<string, Json>>;

/** The payload (behind the error word) of a part, undefined when the table has no such part. `choice` of a variant. */
export function referenceEncode(
  name: string,
  part: 'request' | 'reply' | 'error_reply' | 'notification',
  value: Json,
  choice?: string,
): number[] | undefined {
  const layout = byName.get(name)?.[part === 'notification' ? 'payload' : part];
  if (layout === null || layout === undefined) return part === 'error_reply' ? [] : undefined;
  if (layout.may_be_empty === true && Object.keys(value as Value).length === 0) return [];
  const out: number[] = [];
  const variant = layout.fields.find(({ type }) => type === 'variant');
  fields(variant?.cases?.[choice ?? ''] ?? layout.fields, value as Value, out);
  return out;
}

function integer(out: number[], size: number, value: bigint): void {
  for (let at = 0; at < size; at++) out.push(Number((BigInt.asUintN(64, value) >> BigInt(8 * at)) & 0xffn));
}

const widths: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, s32: 4 };

function fields(list: readonly RefField[], value: Value, out: number[]): void {
  for (const field of list) {
    const item = value[field.name];
    if (field.type === 'reserved') integer(out, field.size as number, BigInt((item ?? 0) as number));
    else if (item === undefined) continue;
    else if (field.type === 'bytes') bytes(field, item, value, out);
    else if (field.type === 'list') entries(field, item as Json[], value, out);
    else scalar(field.type, item, out);
  }
}

function scalar(type: string, item: Json, out: number[]): void {
  const [kind, name = ''] = type.split(':');
  if (kind === 'enum') {
    const { size, values } = reference.enums[name] as { size: number; values: Record<string, number> };
    integer(out, size, BigInt(typeof item === 'string' ? (values[item] as number) : (item as number)));
  } else if (kind === 'flags') {
    const { size, bits } = reference.flags[name] as { size: number; bits: Record<string, number> };
    const sum = (item as Json[]).map((bit) =>
      BigInt(typeof bit === 'string' ? (bits[bit] as number) : (bit as number)),
    );
    integer(
      out,
      size,
      sum.reduce((total, bit) => total | bit, 0n),
    );
  } else integer(out, widths[type] as number, BigInt(item as string | number));
}

function bytes(field: RefField, item: Json, value: Value, out: number[]): void {
  const { encoding } = field;
  const isRaw =
    encoding === 'raw' ||
    (typeof encoding === 'object' && encoding.cases[value[encoding.select] as string] === 'raw');
  const hex =
    typeof item === 'object' ? ((item as { hex: string }).hex ?? '') : isRaw ? (item as string) : undefined;
  const data =
    hex === undefined ? [...new TextEncoder().encode(item as string)] : [...Buffer.from(hex, 'hex')];
  out.push(...data);
  if (field.pad_to) while (out.length % field.pad_to !== 0) out.push(0);
}

function entries(field: RefField, items: readonly Json[], value: Value, out: number[]): void {
  const { count, second, entry } = field;
  integer(out, widths[count?.type ?? ''] as number, BigInt(items.length));
  if (second?.type === 'reserved') {
    integer(out, second.size as number, BigInt((value[`${field.name}_reserved`] ?? 0) as number));
  } else if (second) {
    scalar(second.type, value[second.name] as Json, out);
    if (second.pad) integer(out, second.pad, BigInt((value[`${field.name}_reserved`] ?? 0) as number));
  }
  const type =
    typeof entry === 'object'
      ? (entry.cases[value[entry.select.field] as string] as string)
      : (entry as string);
  for (const item of items) {
    const struct = type.startsWith('struct:') ? reference.structs[type.slice(7)] : undefined;
    if (struct === undefined) scalar(type, item, out);
    else fields(struct, item as Value, out);
  }
}
