import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IPA_RESERVE,
  MEM_ACCEPT,
  MEM_QCOM_LOOKUP_SGL,
  protocol,
  VM_CONFIG_IMAGE,
  VM_GET_ID,
  VM_IRQ_ACCEPT,
  VM_LOOKUP_NAME,
  VM_QUERY_HEAP_MEMORY,
  VM_SET_CRASH_MSG,
  VM_STATUS,
} from '../../schemas/index.js';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { type Issue, WireError } from '../../src/base/error.js';
import { jsonWriter, payloadFromJson, payloadText, payloadToJson } from '../../src/capture/payload/index.js';
import { codecOf, diagnose } from '../../src/codec/index.js';
import type { Payload } from '../../src/schema/index.js';
import { valuesOf } from '../arbitrary.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';

const layouts = protocol.messages.flatMap((message): [string, Payload][] => {
  if (message.layout === 'unknown') return [];
  if (message.kind === 'notification') return [[message.name, message.payload]];
  const error: [string, Payload][] =
    message.errorReply === undefined ? [] : [[`${message.name} error`, message.errorReply]];
  return [[`${message.name} request`, message.request], [`${message.name} reply`, message.reply], ...error];
});

describe.each(layouts)('%s', (_name, layout) => {
  it('prints the same fast as through JSON.stringify, and reads back to the same bytes', () => {
    const codec = codecOf(layout);
    holds(
      fc.property(valuesOf(layout, 'decoded'), (value) => {
        const json = payloadToJson(layout, value);
        expectIs(payloadText(layout)(value), JSON.stringify(json));
        const read = payloadFromJson(layout, JSON.parse(JSON.stringify(json)));
        expectEqual(codec.toBytes(read as never), codec.toBytes(value as never));
      }),
      50,
    );
  });
});

/** The bytes of a request with so many ACL entries, and no SG entries. */
function lookup(entries: number): number[] {
  const acl = [entries & 0xff, entries >> 8, 0, 0, ...Array<number>(4 * entries).fill(5)];
  return [0, 0, 0, 0, 1, 0, 0, 0, ...acl, 0, 0, 0, 0];
}

describe('notation', () => {
  const json = (layout: Payload, value: unknown) => payloadToJson(layout, value);

  it('names enums and flags, keeps unknown ones as numbers, writes u64 as hex text', () => {
    expect(json(VM_STATUS.payload, { vmid: 128, vm_status: 3, os_status: 200, app_status: 1 })).toEqual({
      vmid: 128,
      vm_status: 'RUNNING',
      os_status: 200,
      app_status: 1,
    });
    const accept = {
      mem_handle: 1,
      mem_type: 0,
      trans_type: 1,
      flags: 0xc4,
      label: 0,
      acl_entries: [],
      map_vmid: 0,
      sgl_entries: [{ ipa: 0x80000000n, size: 0n }],
    };
    expect(json(MEM_ACCEPT.request, accept)).toMatchObject({
      flags: ['VALIDATE_LABEL', 'DONE', 64],
      sgl_entries: [{ ipa: '0x80000000', size: '0x0' }],
    });
  });

  it('writes text as text only when it is valid UTF-8 without control characters', () => {
    const name = (bytes: number[]) =>
      json(VM_LOOKUP_NAME.request, { length: bytes.length, name: Uint8Array.from(bytes) });
    expect(name([0x76, 0x6d])).toEqual({ length: 2, name: 'vm' });
    expect(name([0xc3, 0xa9])).toEqual({ length: 2, name: '\u00e9' });
    for (const bytes of [[0x0a], [0x7f], [0xc2, 0x85], [0xff], [0xc3]]) {
      expect(name(bytes)).toEqual({
        length: bytes.length,
        name: { hex: Buffer.from(bytes).toString('hex') },
      });
    }
    // A byte order mark is text, and must come back.
    const marked = name([0xef, 0xbb, 0xbf, 0x61]);
    expect(payloadFromJson(VM_LOOKUP_NAME.request, marked)).toMatchObject({
      name: Uint8Array.of(0xef, 0xbb, 0xbf, 0x61),
    });
  });

  it.each([
    ['known', 0, 'truncated'],
    ['unknown', 2, 'choice'],
  ])('takes a list whose count is cut for cut only if its entries are known: %s', (_, allocType, code) => {
    const bytes = Uint8Array.of(allocType, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    const issues: Issue[] = [];
    const write = jsonWriter(IPA_RESERVE.request);
    write(new DataView(bytes.buffer), 0, bytes.length, undefined, new ByteWriter(64), issues);
    expect(issues).toMatchObject([{ code, path: 'entries', offset: 12 }]);
    expect(issues).toEqual(diagnose(IPA_RESERVE.request, bytes, undefined).issues);
  });

  it.each([
    ['more entries than the manager takes', MEM_QCOM_LOOKUP_SGL.request, lookup(513), ['max']],
    [
      'the same, and not all are there',
      MEM_QCOM_LOOKUP_SGL.request,
      lookup(514).slice(0, 2000),
      ['max', 'truncated'],
    ],
    ['padding', VM_SET_CRASH_MSG.request, [3, 0, 0, 0, 97, 98, 99, 88], ['padding']],
    ['padding and more', VM_SET_CRASH_MSG.request, [1, 0, 0, 0, 97, 0, 98, 99, 0], ['padding', 'trailing']],
    ['a reply without its request', VM_QUERY_HEAP_MEMORY.reply, [1, 2, 3], ['choice']],
  ])('writes what decodes, and finds what is wrong: %s', (_, layout, bytes, codes) => {
    const payload = Uint8Array.from(bytes);
    const writer = new ByteWriter(64);
    const issues: Issue[] = [];
    jsonWriter(layout)(new DataView(payload.buffer), 0, payload.length, undefined, writer, issues);
    const { value, issues: expected } = diagnose(layout, payload, undefined);
    expect(issues).toEqual(expected);
    expect(issues.map(({ code }) => code)).toEqual(codes);
    const text = Buffer.from(writer.bytes.subarray(0, writer.at)).toString();
    expect(text).toBe(JSON.stringify(payloadToJson(layout, value)));
  });

  it('writes a GUID as hex and other identifiers as text', () => {
    const entries = [
      { id_type: 0, id_size: 2, id_info: Uint8Array.of(0x41, 0x42) },
      { id_type: 2, id_size: 2, id_info: Uint8Array.of(0x41, 0x42) },
    ];
    expect(json(VM_GET_ID.reply, { id_entries: entries })).toMatchObject({
      id_entries: [{ id_info: '4142' }, { id_info: 'AB' }],
    });
  });
});

describe('reading', () => {
  const config = {
    vmid: 1,
    auth_mech: 'NONE',
    mem_handle: 0,
    image_offset: 0,
    image_size: '4096',
    dtb_offset: '0x10',
    dtb_size: 1,
  };

  it('accepts numbers, names, aliases, and hex or decimal text', () => {
    expect(payloadFromJson(VM_CONFIG_IMAGE.request, config)).toMatchObject({
      auth_mech: 0,
      image_size: 4096n,
      dtb_offset: 16n,
    });
    expect(
      payloadFromJson(VM_CONFIG_IMAGE.request, { ...config, auth_mech: 'PIL_ELF', vmid: '0x80' }),
    ).toMatchObject({ auth_mech: 1, vmid: 128 });
    expect(payloadFromJson(VM_IRQ_ACCEPT.request, { virq_handle: 1, virq: '0xffffffff' })).toEqual({
      virq_handle: 1,
      virq: 0xffffffff,
    });
    const entries = [{ base: '0x1000', size: '0x1000' }];
    const reserve = {
      entries,
      alloc_type: 'FIXED_LIST',
      generic_constraints: ['NORMAL', 8],
      platform_constraints: 0,
    };
    expect(payloadFromJson(IPA_RESERVE.request, reserve)).toMatchObject({
      generic_constraints: 12,
      entries: [{ base: 0x1000n, size: 0x1000n }],
    });
  });

  it.each([
    [{ ...config, auth_mech: 'NOPE' }, 'auth_mech'],
    [{ ...config, auth_mech: 'constructor' }, 'auth_mech'],
    [{ ...config, image_offset: 1.5 }, 'image_offset'],
    [{ ...config, image_offset: 2 ** 60 }, 'image_offset'],
    [{ ...config, image_offset: 'x' }, 'image_offset'],
    [{ ...config, vmid: null }, 'vmid'],
    [{ ...config, vmid: [1] }, 'vmid'],
    [[], ''],
    ['text', ''],
  ])('refuses %j at %j', (value, path) => {
    try {
      payloadFromJson(VM_CONFIG_IMAGE.request, value);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      expect(error).toMatchObject({ path });
    }
  });
});
