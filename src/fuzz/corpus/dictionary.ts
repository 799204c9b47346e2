import { messageTypeNames, type Protocol } from '../../schema/index.js';

/** First byte of every header: API version 1, header of 2 words. The second byte is type and number of continuations. */
const HEADER_START = 0x21;
/** Limits of ranges and sizes: page, block, signs, largest values. */
const boundaries = [
  0x1000,
  0x200000,
  0x80000000,
  0x7fffffff,
  0xffffffff,
  0xfffffffffffff000n,
  0xffffffffffffffffn,
] as const;

/**
 * Tokens for libFuzzer and AFL++, one `name="\xNN..."` per line: message ids, starts of headers, error codes, values of
 * enums and flags, limits, VMIDs.
 */
export function dictionaryText(protocol: Protocol): string {
  const lines: string[] = [];
  // Fuzzers need each byte string once, whatever its names are.
  const known = new Set<string>();
  const add = (name: string, bytes: readonly number[]) => {
    const text = bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    if (!known.has(text)) lines.push(`${name.replace(/\W/g, '_')}="${text}"\n`);
    known.add(text);
  };
  for (const { name, id } of protocol.messages) add(name, wordBytes(id, 4));
  for (const [type, name] of messageTypeNames.entries())
    for (const fragments of [0, 1, protocol.limits.max_continuations])
      add(`header_${name}_${fragments}`, [HEADER_START, type | (fragments << 2)]);
  for (const { label, values, fixedSize: size } of protocol.enums)
    for (const [name, value] of Object.entries(values)) add(`${label}_${name}`, wordBytes(value, size));
  for (const { label, bits, fixedSize: size } of protocol.flags)
    for (const [name, value] of Object.entries(bits)) add(`${label}_${name}`, wordBytes(value, size));
  for (const [name, value] of Object.entries(protocol.constants))
    add(name, wordBytes(value, value > 0xffff ? 4 : 2));
  for (const [name, value] of Object.entries(protocol.limits)) add(`limit_${name}`, wordBytes(value, 2));
  for (const value of boundaries)
    add(`edge_${value.toString(16)}`, wordBytes(value, typeof value === 'bigint' ? 8 : 4));
  return `# ${protocol.name}: little-endian values of the protocol\n${lines.join('')}`;
}

function wordBytes(value: number | bigint, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Number((BigInt(value) >> BigInt(index * 8)) & 0xffn));
}
