import type { Json } from '../../src/capture/payload/index.js';
import { constantName, structName } from '../../src/export/c.js';
import { countName, fixedPart, integerWidth, type Member } from '../../src/export/members.js';
import { pascal, rustField } from '../../src/export/rust.js';
import { payloadName } from '../../src/golden/c.js';
import type { Fixture } from '../../src/golden/fixture.js';
import { hasPayload } from '../../src/golden/identifier.js';
import { EnumType, FlagsType, IntegerType, ListType } from '../../src/wire/index.js';

/**
 * Programs that fill the packed structs field by field, from the values of the fixtures, and compare them with the bytes.
 * Of messages of variable size it is the part that has a fixed place.
 */

type Value = Readonly<Record<string, Json>>;

/** The fixtures whose bytes a struct can be compared with. */
export function comparable(fixtures: readonly Fixture[]): Fixture[] {
  return fixtures.filter((fixture) => {
    const { size } = fixedPart(fixture.part.layout);
    return hasPayload(fixture) && size > 0 && behindWord(fixture) >= size;
  });
}

/** Those of them that the struct describes to the last byte. */
export function isWhole(fixture: Fixture): boolean {
  return behindWord(fixture) === fixedPart(fixture.part.layout).size;
}

function behindWord({ part, payload }: Fixture): number {
  return payload.length - (part.type === 'reply' ? 4 : 0);
}

/** The value of a member: a number, names of constants, or bytes. */
function memberValue(
  { part, value }: Fixture,
  { name, type, length }: Member,
): number | bigint | string[] | Uint8Array {
  const item = (value as Value)[name];
  if (length !== undefined) return Uint8Array.from(Buffer.from(item as string, 'hex'));
  const list = part.layout.fields.find(
    (field) => field.type instanceof ListType && countName(field) === name,
  );
  if (list !== undefined) return ((value as Value)[list.name] as Json[]).length;
  if (item === undefined) return 0;
  if (type instanceof FlagsType) {
    return (item as Json[]).map((one) => (typeof one === 'string' ? constantName(type, one) : String(one)));
  }
  if (typeof item === 'string') return type instanceof EnumType ? [constantName(type, item)] : BigInt(item);
  return item as number;
}

function bytesOf(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, at) => Math.floor(value / 2 ** (8 * at)) % 256);
}

/** C11 and C++17. Prints the name of each fixture that differs, and the number of comparisons. */
export function cProgram(fixtures: readonly Fixture[]): string {
  const checks = comparable(fixtures).map((fixture) => {
    const { part } = fixture;
    const { members } = fixedPart(part.layout);
    const start = part.type === 'reply' ? 4 : 0;
    const lines = members.flatMap((member) => cAssignments(fixture, member));
    return [
      '\t{',
      `\t\tstruct ${structName(part)} v;`,
      '\t\tmemset(&v, 0xa5, sizeof(v));',
      ...lines.map((line) => `\t\t${line}`),
      `\t\tif (memcmp(&v, ${payloadName(fixture)} + ${start}, sizeof(v)) != 0) { puts("${fixture.name}"); bad++; }`,
      '\t\tcount++;',
      '\t}',
    ].join('\n');
  });
  return [
    '#include "gunyah_rm_golden.h"',
    '#include <stdio.h>',
    '#include <string.h>',
    'int main(void)',
    '{',
    '\tint count = 0, bad = 0;',
    ...checks,
    '\tprintf("%d compared, %d bad\\n", count, bad);',
    '\treturn bad != 0;',
    '}',
    '',
  ].join('\n');
}

function cAssignments(fixture: Fixture, member: Member): string[] {
  const { name, type } = member;
  const value = memberValue(fixture, member);
  const width = integerWidth(type);
  if (width === undefined) {
    const bytes =
      value instanceof Uint8Array ? [...value] : bytesOf(value as number, type.fixedSize as number);
    return bytes.map((byte, at) => `v.${name}[${at}] = ${byte};`);
  }
  const isSigned = type instanceof IntegerType && type.signed;
  const cType = `${isSigned ? '' : 'u'}int${width * 8}_t`;
  if (Array.isArray(value)) return [`v.${name} = (${cType})(${value.join(' | ') || '0'});`];
  const macro = `${isSigned ? '' : 'U'}INT${width * 8}_C`;
  return [`v.${name} = ${macro}(${value});`];
}

/** A Rust program with the same comparisons, and the offset of every field against the layout tables. */
export function rustProgram(
  fixtures: readonly Fixture[],
  offsets: readonly [string, string, number][],
): string {
  const chosen = comparable(fixtures);
  const checks = chosen.map((fixture) => {
    const name = pascal(fixture.part.key);
    const { members } = fixedPart(fixture.part.layout);
    const start = fixture.part.type === 'reply' ? 4 : 0;
    const fields = members.map((member) => `${rustField(member.name)}: ${rustValue(fixture, member)}`);
    return `    check("${fixture.name}", bytes(&${name} { ${fields.join(', ')} }), ${start}, &mut count);`;
  });
  return [
    'use golden_fixtures::golden::*;',
    'fn bytes<T>(value: &T) -> &[u8] {',
    '    unsafe { core::slice::from_raw_parts((value as *const T).cast(), core::mem::size_of::<T>()) }',
    '}',
    'fn check(name: &str, bytes: &[u8], start: usize, count: &mut usize) {',
    '    let golden = GOLDEN.iter().find(|golden| golden.name == name).unwrap();',
    '    assert_eq!(bytes, &golden.payload[start..start + bytes.len()], "{name}");',
    '    let frames: Vec<u8> = golden.frames.iter().flat_map(|frame| frame[8..].to_vec()).collect();',
    '    assert_eq!(frames, golden.payload, "{name}");',
    '    *count += 1;',
    '}',
    'fn main() {',
    '    let mut count = 0;',
    ...offsets.map(
      ([struct, field, offset]) =>
        `    assert_eq!(core::mem::offset_of!(${pascal(struct)}, ${rustField(field)}), ${offset}, "${struct}.${field}");`,
    ),
    ...checks,
    '    println!("{count} compared, {} fixtures", GOLDEN.len());',
    '}',
    '',
  ].join('\n');
}

function rustValue(fixture: Fixture, member: Member): string {
  const value = memberValue(fixture, member);
  const width = integerWidth(member.type);
  if (width === undefined) {
    const size = member.type.fixedSize as number;
    const bytes = value instanceof Uint8Array ? [...value] : bytesOf(value as number, size);
    return `[${bytes.join(', ')}]`;
  }
  const isSigned = member.type instanceof IntegerType && member.type.signed;
  const type = `${isSigned ? 'i' : 'u'}${width * 8}`;
  if (!Array.isArray(value)) return `${value}`;
  const names = value.map((name) => name.replace(/^GUNYAH_RM_/, ''));
  return names.length === 0 ? '0' : `(${names.join(' | ')}) as ${type}`;
}
