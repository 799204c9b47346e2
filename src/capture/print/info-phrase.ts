import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { decodeText } from '../../base/text.js';
import type { Protocol } from '../../schema/index.js';
import { type BytesType, EnumType, type Field, FlagsType, type Values } from '../../wire/index.js';
import { enumName, formatField, isText, unitText, vmidName } from '../payload/index.js';

/** Words in front of numbers, by what the numbers identify. Other numbers have the name of their field there. */
const wordOf: Readonly<Record<string, string>> = {
  cap_id: 'cap',
  heap_handle: 'heap',
  hyp_error: 'hypervisor error',
  label: 'label',
  mem_handle: 'handle',
  offset: 'offset',
  resource_handle: 'resource',
  slot: 'slot',
  tag: 'tag',
  virq: 'virq',
  virq_handle: 'handle',
};

/** Values of a list that are named one by one. */
const namedMax = 3;
/** Characters of a text, and bytes of others, that are shown. */
const textMax = 40;
const bytesMax = 8;

/** A field with its value or, in a list, its values; each stands in a struct of its own. */
export interface FieldValues {
  readonly field: Field;
  readonly values: readonly unknown[];
  readonly owners: readonly Values[];
}

/** What the line says of a field, such as `32 MiB` or `VM 128, HLOS`. Empty if there is nothing to say. */
export function phrase(protocol: Protocol, { field, values, owners }: FieldValues): string {
  const nothing = field.info === 'detail' || field.type instanceof FlagsType;
  if (nothing && field.zero === undefined && values.every((value) => value === 0 || value === 0n)) return '';
  if (field.role === 'size') {
    const text = total(values as (number | bigint)[]);
    return field.info === 'detail' ? `${field.name} ${text}` : text;
  }
  const textOf = (index: number) => valueText(protocol, field, values[index], owners[index] ?? {});
  if (values.length === 1) return textOf(0);
  if (field.role === 'ipa') return values.length === 0 ? '' : `${textOf(0)}, ...`;
  const counts = new Map<unknown, { readonly first: number; count: number }>();
  for (const [index, value] of values.entries()) {
    const same = counts.get(value);
    if (same === undefined) counts.set(value, { first: index, count: 1 });
    else same.count++;
  }
  const texts = [...counts.values()]
    .slice(0, namedMax)
    .map(({ first, count }) => (count === 1 ? textOf(first) : `${count} ${textOf(first)}`));
  const more = counts.size - texts.length;
  return more > 0 ? `${texts.join(', ')} and ${more} more` : texts.join(', ');
}

/** The sum of sizes in bytes. Several are the sizes of ranges. */
function total(values: readonly (number | bigint)[]): string {
  if (values.length === 0) return '';
  let sum = 0n;
  for (const value of values) sum += BigInt(value);
  const text = unitText(sum) ?? `${sum} bytes`;
  return values.length === 1 ? text : `${text} in ${values.length} ranges`;
}

function valueText(protocol: Protocol, field: Field, value: unknown, owner: Values): string {
  const { type, role, name, zero, info } = field;
  if (zero !== undefined && value === 0) return zero;
  if (value instanceof Uint8Array) return bytesText(type as BytesType, value, owner);
  if (type instanceof EnumType) {
    const known = enumName(type, value as number);
    return known === undefined || info === 'detail' ? `${name} ${known ?? value}` : known;
  }
  if (role === 'vmid') return vmidName(protocol, value as number) ?? `VM ${value}`;
  const text = formatField(protocol, field, value, owner).replace(/ \(0xffffffff\)$/, '');
  return role === 'ipa' || type instanceof FlagsType ? text : `${wordOf[role ?? ''] ?? name} ${text}`;
}

/** Text in quotes, also where the protocol does not promise any; else the first bytes. */
function bytesText(type: BytesType, bytes: Uint8Array, owner: Values): string {
  const start = bytes.subarray(0, textMax);
  const text = isText(type, owner) ? decodeText(bytes) : undefined;
  if (text !== undefined) return jsonText(text.length > textMax ? `${text.slice(0, textMax)}...` : text);
  const latin1 = Array.from(start, (byte) => String.fromCharCode(byte)).join('');
  const more = (shown: number) => (bytes.length > shown ? '...' : '');
  if (/^[\t\n\r\x20-\x7e]*$/.test(latin1)) return jsonText(`${latin1}${more(textMax)}`);
  return `${formatHex(bytes.subarray(0, bytesMax))}${more(bytesMax)}`;
}
