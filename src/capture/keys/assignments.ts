import { parseJson } from '../../base/json.js';
import { nameLike } from '../../base/nearest.js';
import type { Payload, Protocol } from '../../schema/index.js';
import type { AnyType, Field, ListType, StructType } from '../../wire/index.js';
import { hexRoles, type Json, refuse } from '../payload/index.js';
import { sizes, vms } from './notation.js';

/** An object or a list of JSON while it is filled. */
type Open = { [key: string]: Json } | Json[];

/** Most entries that a list can be given one by one. */
const INDEX_MAX = 65_535;

/**
 * The payload that words of a command line give, as JSON: `vmid=128`, `acl_entries[0].rights=R,W`, `size=32MiB`. Fields and
 * values are taken in any letter case. Lists and flags that no word gives are empty.
 *
 * @throws WireError with the path of what does not fit.
 */
export function payloadFromWords(
  protocol: Protocol,
  layout: Payload,
  words: readonly string[],
): { [key: string]: Json } {
  const json: { [key: string]: Json } = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at <= 0) refuse(word, 'key=value', word);
    assign(protocol, layout, json, word.slice(0, at), word.slice(at + 1));
  }
  fillEmpty(layout, json);
  return json;
}

function assign(protocol: Protocol, layout: Payload, json: Open, key: string, text: string): void {
  let type: AnyType = layout;
  let field: Field | undefined;
  let open: Open = json;
  let path = '';
  const parts = key.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    let name: string | number;
    if (type.kind === 'list') {
      name = indexOf(part, path);
      path += `[${part}]`;
      type = entryOf(type as ListType, path);
    } else {
      field = fieldNamed(type, part, path);
      name = field.name;
      path += path === '' ? name : `.${name}`;
      type = field.type;
    }
    const members = open as { [key: string]: Json };
    if (isLast) {
      if (members[name] !== undefined) refuse(path, 'one value', text, 'duplicate');
      members[name] = jsonOf(protocol, type, field, text, path);
      return;
    }
    members[name] ??= type.kind === 'list' ? [] : {};
    open = members[name] as Open;
    if (typeof open !== 'object') refuse(path, 'a field without parts', part);
  }
}

function indexOf(part: string, path: string): number {
  const index = /^\d+$/.test(part) ? Number(part) : Number.NaN;
  return index <= INDEX_MAX ? index : refuse(path, 'the number of an entry, such as [0]', part);
}

function entryOf(type: ListType, path: string): AnyType {
  const [entry, ...others] = type.entryTypes;
  return entry !== undefined && others.length === 0 ? entry : refuse(path, 'the whole list as JSON', path);
}

function fieldNamed(type: AnyType, part: string, path: string): Field {
  const layouts = 'layouts' in type ? (type as StructType).layouts : [];
  const fields = layouts.flatMap(({ fieldsInOrder }) => fieldsInOrder);
  const named = new Map(
    fields.flatMap((field) => [field.name, ...field.aliases].map((name) => [name, field])),
  );
  const field = named.get(nameLike(part, named.keys()) ?? '');
  const names = fields.map(({ name }) => name);
  return field ?? refuse(path, names.join(', ') || 'no field', part, 'unknown_key', { what: 'field', names });
}

/** The JSON of a value as people write it. */
function jsonOf(
  protocol: Protocol,
  type: AnyType,
  field: Field | undefined,
  text: string,
  path: string,
): Json {
  if (/^\s*[[{]/.test(text)) return parseJson(text) as Json;
  const role = field?.role ?? '';
  switch (type.kind) {
    case 'flags':
      return text === '' ? [] : text.split(',').map((name) => name.trim());
    case 'list':
      return text === ''
        ? []
        : text.split(',').map((item) => jsonOf(protocol, entryOf(type as ListType, path), field, item, path));
    case 'integer': {
      const notation = role === 'vmid' ? vms(protocol) : hexRoles.has(role) ? sizes : undefined;
      const named = notation?.names?.get(nameLike(text, notation.names.keys()) ?? '')?.number;
      const number = named ?? notation?.number?.(text);
      return number === undefined ? text : String(number);
    }
    default:
      return text;
  }
}

/** Gives lists and flags their empty value where nothing says otherwise, also in entries of lists. */
function fillEmpty(type: AnyType, json: Json | undefined): void {
  if (type.kind === 'list' && Array.isArray(json)) {
    const [entry, ...others] = (type as ListType).entryTypes;
    if (entry !== undefined && others.length === 0) for (const item of json) fillEmpty(entry, item);
  }
  if (type.kind !== 'struct' || typeof json !== 'object' || json === null || Array.isArray(json)) return;
  for (const { name, type: own, presence, aliases } of (type as StructType).fields) {
    const given = [name, ...aliases].find((one) => json[one] !== undefined);
    if (given !== undefined) fillEmpty(own, json[given]);
    else if (presence === undefined && (own.kind === 'list' || own.kind === 'flags')) json[name] = [];
  }
}
