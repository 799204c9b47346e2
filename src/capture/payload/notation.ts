import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { decodeText } from '../../base/text.js';
import type { Protocol } from '../../schema/index.js';
import { type BytesType, EnumType, type Field, FlagsType, type Values } from '../../wire/index.js';
import { enumName, flagNames, isText } from './json.js';

/** Roles whose numbers are printed in hex. */
export const hexRoles = new Set([
  'cap_id',
  'heap_handle',
  'hyp_error',
  'ipa',
  'mem_handle',
  'offset',
  'resource_handle',
  'size',
  'tag',
  'virq_handle',
]);

/** Number of bytes of a field that are printed. */
const shownMax = 64;

/** A scalar or byte field in its own notation: names for enums and flags, hex for addresses, sizes and handles. */
export function formatField(protocol: Protocol, field: Field, value: unknown, owner: Values): string {
  const { type, role } = field;
  if (value instanceof Uint8Array) return formatBytes(type as BytesType, value, owner);
  if (type instanceof EnumType) {
    const name = enumName(type, value as number);
    return name === undefined ? `${value} (unknown)` : name;
  }
  if (type instanceof FlagsType) return formatFlags(type, value as number);
  const { MEM_HANDLE_INVALID, VIRQ_ANY } = protocol.constants;
  if (role === 'virq' && value === VIRQ_ANY) return 'any (0xffffffff)';
  if (role === 'mem_handle' && value === MEM_HANDLE_INVALID) return 'none (0xffffffff)';
  if (role === 'vmid') return formatVmid(protocol, value as number);
  if (typeof value !== 'bigint' && !hexRoles.has(role ?? '')) return String(value);
  const hex = (value as number | bigint) < 0 ? String(value) : `0x${(value as number | bigint).toString(16)}`;
  if (role !== 'size') return hex;
  const units = unitText(BigInt(value as number | bigint));
  return units === undefined ? hex : `${hex} (${units})`;
}

/** `128`, with the name where the protocol has one: `3 (HLOS)`. */
export function formatVmid(protocol: Protocol, vmid: number): string {
  const name = vmidName(protocol, vmid);
  return name === undefined ? String(vmid) : `${vmid} (${name})`;
}

/** `HLOS` and `RM`; other VMs have no name of their own. */
export function vmidName(protocol: Protocol, vmid: number): string | undefined {
  if (vmid === protocol.constants.VMID_HLOS) return 'HLOS';
  return vmid === protocol.constants.VMID_RM ? 'RM' : undefined;
}

/** `4 KiB`: the largest unit of which a number of bytes is a whole number. Undefined if there is none. */
export function unitText(size: bigint): string | undefined {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let text: string | undefined;
  let unit = 1n << 10n;
  for (const name of units) {
    if (size > 0n && size % unit === 0n) text = `${size / unit} ${name}`;
    unit <<= 10n;
  }
  return text;
}

function formatFlags(type: FlagsType, value: number): string {
  if (value === 0) return '-';
  return flagNames(type, value)
    .map((name) => (typeof name === 'number' ? `0x${name.toString(16)}` : name))
    .join(' | ');
}

function formatBytes(type: BytesType, value: Uint8Array, owner: Values): string {
  const text = isText(type, owner) ? decodeText(value) : undefined;
  if (text !== undefined) return jsonText(text);
  if (value.length === 0) return '(empty)';
  // A console message can be 14 KiB. --hex and --json print all of it.
  const shown = value.subarray(0, shownMax);
  const more = value.length > shownMax ? ` ... (${value.length} bytes)` : '';
  // Raw bytes are often text (console and crash messages), so the text is printed behind the hex.
  const hint =
    value.length > 3 && /^[\t\n\r\x20-\x7e]+$/.test(latin1(shown)) ? ` ${jsonText(latin1(shown))}` : '';
  return `${formatHex(shown)}${hint}${more}`;
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
