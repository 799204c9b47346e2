import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { jsonText } from '../../src/base/json.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { payloadToJson } from '../../src/capture/payload/index.js';
import { infoOf, LinePrinter, type PrintOptions, StatesBefore } from '../../src/capture/print/index.js';
import { Assembler, type CaptureRecord } from '../../src/capture/records/index.js';
import { rmRules } from '../../src/rpc/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { VariantType } from '../../src/wire/index.js';
import { recorded } from '../recorded.js';

function recordsOf(input: Uint8Array): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const assembler = new Assembler({ protocol, rules: rmRules, record: (record) => records.push(record) });
  const reader = new CaptureInput(
    protocol,
    undefined,
    (packet) => assembler.packet(packet),
    () => {},
  );
  reader.push(input);
  reader.end();
  assembler.end();
  return records;
}

function textOf({ outcome, text, problem }: ReturnType<typeof infoOf>): string {
  const known = [outcome, text].filter((part) => part !== undefined && part !== '').join(', ');
  if (problem === undefined) return known;
  return known === '' ? `! ${problem}` : `${known}  ! ${problem}`;
}

function infosOf(lines: readonly object[]): string[] {
  const states = new StatesBefore();
  const text = lines.map((line) => `${jsonText({ from: 3, to: 255, seq: 1, ...line })}\n`).join('');
  return recordsOf(Buffer.from(text)).map((record) => textOf(infoOf(protocol, record, states.take(record))));
}

const request = (name: string, payload: object) => ({ type: 'request', name, payload });
const reply = (name: string, payload: object, error = 'OK') => ({
  type: 'reply',
  from: 255,
  to: 3,
  name,
  error,
  payload,
});
const notification = (name: string, payload: object) => ({
  type: 'notification',
  from: 255,
  to: 3,
  name,
  payload,
});

const lend = { mem_type: 0, flags: [], label: 0, attr_entries: [] };
const range = (ipa: string, size: string) => ({ ipa, size });

/** Each message, and the line that sums it up. */
const table: readonly (readonly [object, string])[] = [
  [
    request('MEM_LEND', {
      ...lend,
      acl_entries: [{ vmid: 128, rights: 7 }],
      sgl_entries: [range('0x88000000', '0x2000000')],
    }),
    '32 MiB to VM 128 at 0x88000000',
  ],
  [
    request('MEM_SHARE', {
      ...lend,
      mem_type: 'IO',
      flags: ['APPEND'],
      label: 7,
      acl_entries: [
        { vmid: 128, rights: 6 },
        { vmid: 3, rights: 7 },
      ],
      sgl_entries: [range('0x1000', '0x1000'), range('0x8000', '0x4000')],
    }),
    '20 KiB in 2 ranges to VM 128, HLOS at 0x1000, ..., mem_type IO, APPEND, label 7',
  ],
  [
    request('MEM_LEND', {
      ...lend,
      acl_entries: [1, 2, 3, 4, 5].map((vmid) => ({ vmid, rights: 7 })),
      sgl_entries: [range('0x1000', '0x123')],
    }),
    '291 bytes to VM 1, VM 2, HLOS and 2 more at 0x1000',
  ],
  [request('VM_ALLOC_VMID', { vmid: 0 }), 'any VMID'],
  [reply('VM_ALLOC_VMID', { vmid: 128 }), 'OK, VM 128'],
  [reply('VM_START', {}), 'OK'],
  [{ ...reply('VM_START', {}), error: 'VM_STATE', payload: undefined }, 'VM_STATE'],
  [{ ...reply('VM_START', {}), error: 0x1f, payload: undefined }, 'error 0x1f'],
  [reply('VM_SET_TIME_BASE', { hyp_error: 30 }, 'DENIED'), 'DENIED, hypervisor error 0x1e'],
  [reply('VM_GET_PEERS', { peers: [] }), 'OK, none'],
  [request('VM_IRQ_ACCEPT', { virq_handle: 0x10000083, virq: 0xffffffff }), 'handle 0x10000083, virq any'],
  [
    notification('VM_EXITED', { vmid: 128, exit_type: 'WATCHDOG_BITE', exit_reason: '01000200' }),
    'VM 128 WATCHDOG_BITE, RESTART, exit_code UNKNOWN_ERROR',
  ],
  [notification('VM_CONSOLE_CHARS', { from: 0, data: '6c6f67696e3a20' }), '"login: " from the owner'],
  [
    notification('VM_CONSOLE_CHARS', { from: 9, data: '00ff00ff00ff00ff00ff' }),
    '00ff00ff00ff00ff... from VM 9',
  ],
  [request('VM_CONSOLE_WRITE', { vmid: 0, data: '' }), 'its own, ""'],
  [
    reply('VM_GET_ID', {
      id_entries: [
        { id_type: 'GUID', id_info: '00112233445566778899aabbccddeeff' },
        { id_type: 'NAME', id_info: 'oracle-vm' },
      ],
    }),
    'OK, 0011223344556677..., "oracle-vm"',
  ],
  [
    request('VM_SET_BOOT_CONTEXT', { vmid: 128, reg_set: 9, reg_index: 0, value: '0x80' }),
    'VM 128 reg_set 9, reg_index 0, value 0x80',
  ],
  [{ type: 'request', id: '0x56009999', rest: '0102' }, '2 bytes'],
  [
    { type: 'malformed', raw: '0000' },
    '2 bytes  ! offset 0: a header has 8 bytes, and the queue message has 2',
  ],
];

describe('the line that sums a message up', () => {
  it.each(table)('%o', (line, expected) => {
    expect(infosOf([line])).toEqual([expected]);
  });

  it('tells the state before, to each receiver of its own, and of the same VM', () => {
    const status = (vm_status: string, vmid = 128, to = 3) => ({
      ...notification('VM_STATUS', { vmid, vm_status, os_status: 0, app_status: 0 }),
      to,
    });
    const lines = [
      status('INIT'),
      status('INIT', 128, 129),
      status('READY'),
      status('INIT', 130),
      status('READY'),
    ];
    expect(infosOf([...lines, status('RUNNING', 128, 129)])).toEqual([
      'VM 128 INIT',
      'VM 128 INIT',
      'VM 128 INIT -> READY',
      'VM 130 INIT',
      'VM 128 READY',
      'VM 128 INIT -> RUNNING',
    ]);
  });

  it('says what an incomplete message lacks, and a repeated request that it repeats', () => {
    const [first, second, cut] = infosOf([
      request('VM_START', { vmid: 128 }),
      request('VM_START', { vmid: 128 }),
      { type: 'request', name: 'VM_START', seq: 5, incomplete: true, announced: 3, raw: '8000' },
    ]);
    expect(first).toBe('VM 128');
    expect(second).toBe('VM 128, repeats #1');
    expect(cut).toBe('2 bytes  ! incomplete: 0 of 3 continuations came');
  });
});

describe('every message', () => {
  const layouts = protocol.messages.flatMap((message) => {
    if (message.layout === 'unknown') return [];
    const types = message.kind === 'call' ? (['request', 'reply'] as const) : (['notification'] as const);
    return types.map((type) => ({ message, type, layout: payloadOf(message, MessageType[type]) }));
  });

  it('says something of its example that fits a screen', () => {
    for (const { message, type, layout } of layouts) {
      const example = (message.example as { [part: string]: unknown })[
        type === 'notification' ? 'payload' : type
      ];
      const fields = payloadToJson(layout as never, example) as object;
      const sides = type === 'request' ? { from: 3, to: 255 } : { from: 255, to: 3 };
      const asked =
        layout instanceof VariantType
          ? [request(message.name, (message.example as { request: object }).request)]
          : [];
      const line = {
        ...sides,
        type,
        name: message.name,
        payload: fields,
        ...(type === 'reply' && { error: 'OK' }),
      };
      const info = infosOf([...asked, line]).at(-1) as string;
      const shown = type === 'reply' ? info.replace(/^OK(, )?/, '') : info;
      expect([message.name, shown === '']).toEqual([message.name, Object.keys(fields).length === 0]);
      expect(info.length).toBeLessThan(80);
    }
  });
});

describe('lines', () => {
  const plain = (text: string) => text;
  const style = { name: plain, dim: plain, good: plain, bad: plain, warn: plain, accent: plain };
  const linesAt = (width: number | undefined) => {
    const options: PrintOptions = { protocol, style, width, hex: false };
    const printer = new LinePrinter(options);
    return recordsOf(recorded('vm-lifecycle.pcapng')).map((record) => printer.line(record));
  };

  it.each([40, 80, 99, 100, 200])('fit %i columns', (width) => {
    const lines = linesAt(width);
    expect(lines).toHaveLength(58);
    for (const line of lines) {
      expect(line.endsWith('\n')).toBe(true);
      expect(line.length - 1).toBeLessThanOrEqual(width);
    }
  });

  it('have more parts where there is room', () => {
    expect(linesAt(80)[6]).toBe(
      '   7 22:13:20.007000 HLOS > RM MEM_LEND         32 MiB to VM 128 at 0x88000000\n',
    );
    expect(linesAt(undefined)[7]).toBe(
      '     8 22:13:20.008000     RM -> HLOS   reply     MEM_LEND             OK, handle 0x0  [seq 3, to #7, 1.000 ms]\n',
    );
  });

  it('need no room for times where there are none', () => {
    const printer = new LinePrinter({ protocol, style, width: 80, hex: false });
    const [record] = recordsOf(Buffer.from('3>255 210101000400005680000000\n'));
    expect(printer.line(record as CaptureRecord)).toBe('   1 - HLOS > RM VM_START         VM 128\n');
  });
});
