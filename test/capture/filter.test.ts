import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { UsageError } from '../../src/base/error.js';
import { errorText } from '../../src/base/sentence.js';
import { filterNames, parseFilter } from '../../src/capture/filter/index.js';
import { compileRegex } from '../../src/capture/filter/regex.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import type { Json } from '../../src/capture/payload/index.js';
import { cpuTimeMs } from '../cpu-time.js';
import { assemble } from './capture.js';

const names = filterNames(protocol, false);

const record: { [key: string]: Json } = {
  no: 5,
  from: 3,
  to: 255,
  type: 'request',
  seq: 10,
  id: '0x51000012',
  name: 'MEM_LEND',
  latency_ns: 1000,
  time: '2023-11-14T22:13:20.005000000Z',
  error: 'MEM_INUSE',
  raw: '0a0b',
  incomplete: false,
  payload: {
    label: 175,
    flags: ['SANITIZE', 8],
    acl_entries: [
      { vmid: 128, rights: ['R', 'W'] },
      { vmid: 129, rights: [] },
    ],
    sgl_entries: [],
    name: 'and or "x"',
  },
};

const matches = (text: string) => parseFilter(text, names)((key) => record[key]);

describe('filter', () => {
  it.each([
    'name == "MEM_LEND" and from == 3',
    "name == 'MEM_LEND'",
    'name == MEM_LEND',
    'id == 0x51000012',
    'id == 1358954514',
    'seq >= 10 and seq <= 10 and not (seq > 10 or seq < 10)',
    'payload.label contains 7',
    'payload.label == 0xaf',
    'payload.flags == SANITIZE',
    'payload.flags == 8',
    'payload.acl_entries.vmid == 129',
    'payload.acl_entries.vmid != 128',
    'payload.acl_entries.rights == W',
    'payload.acl_entries.rights contains R',
    'payload.name == "and or \\"x\\""',
    'not type == reply',
    '!(type == reply) && (from == 3 || from == 4)',
    'from == 4 or to == 255 and seq == 10',
    'latency_ns',
    'not incomplete',
    'type>="reply"',
    'not headers',
    'name == "mem_lend"',
    'NAME == mem_LEND AND From == hlos',
    'from == HLOS and to == RM',
    'from == "HLOS"',
    'from == 3 (HLOS)',
    'from == VM 3 and from != vm 128',
    'from in {RM, HLOS} and not (from in {128, VM 129})',
    'payload.acl_entries.vmid == VM 129',
    'payload.flags == sanitize',
    'latency_ns == 1 us and latency_ns < 0.500 ms and latency_ns >= 1000 ns',
    'id == MEM_LEND',
    'payload.sgl_entries.size == 32 MiB or payload.label > 0x80',
    'name matches /^mem_(lend|share)$/',
    "name matches 'L.ND'",
    'payload.name matches /or \\"/ or payload.name matches /"x"$/',
    'time == 22:13:20.005 and time >= 22:13:20 and time < 2023-11-15',
    'time == 2023-11-14T22:13:20.005Z',
    'raw == 0x0A0B and raw contains 0b',
    'error in {DENIED, 11}',
    'error == 11 and error > BUSY and error == mem_inuse',
  ])('%s matches', (text) => expect(matches(text)).toBe(true));

  it.each([
    'error == OK',
    'error == 12',
    'latency_ns > 1 us',
    'name matches /^lend/',
    'payload.vmid != 3',
    'payload.vmid == 3',
    'payload.sgl_entries.size > 0',
    'payload.sgl_entries',
    'not latency_ns',
    'incomplete',
    'from == 3 and (to == 3 or seq == 3)',
    'not (from == 3 or to == 3)',
  ])('%s does not match', (text) => expect(matches(text)).toBe(false));

  it.each([
    ['', 'column 1'],
    ['name ==', 'column 8'],
    ['name = 3', 'column 6'],
    ['(from == 3', 'column 11'],
    ['from == 3)', 'column 10'],
    ['nam == 3', 'column 1'],
    ['payload.vmdi == 3', 'column 1'],
    ['name == "x', 'column 9'],
    ['3 == name', 'column 1'],
    ['from == 3 4', 'column 11'],
    [`${'('.repeat(5000)}from`, 'column 201'],
    [`${'not '.repeat(5000)}from`, 'column 801'],
    ['from == 3 # x', 'column 11'],
  ])('%s is refused with its column', (text, path) => {
    expect(() => parseFilter(text, names)).toThrow(UsageError);
    try {
      parseFilter(text, names);
    } catch (error) {
      expect(error).toMatchObject({ code: 'filter', path });
    }
  });

  it('does not look up what objects inherit', () => {
    expect(() => matches('payload.constructor == 1')).toThrow(UsageError);
    expect(() => matches('payload.acl_entries.constructor')).toThrow(UsageError);
  });
});

describe('a filter that can match nothing is refused, with what was meant', () => {
  it.each([
    ['type == replay', 'there is no type replay; did you mean reply?'],
    ['error == MEM_INUS', 'there is no error MEM_INUS; did you mean MEM_INUSE'],
    ['name == VM_STRAT', 'there is no message VM_STRAT; did you mean VM_START'],
    ['name == 5', 'there is no message 5'],
    ['from == HLOSS', 'there is no VM HLOSS; did you mean HLOS?'],
    ['from in {3, RMM}', 'there is no VM RMM; did you mean RM?'],
    ['frame.number < 10', 'expected frame alone, which has no parts, not frame.number'],
    ['payload == 3', 'expected a part of payload, such as payload.'],
    ['payload.vm_status == RUNNIG', 'there is no vm status RUNNIG; did you mean RUNNING'],
    ['payload.flags == SANITISE', 'did you mean SANITIZE'],
    ['seq == ten', 'expected a number, not ten'],
    ['latency_ns > 1 hour', 'expected and, or, or the end, not hour'],
    ['time > yesterday', 'expected a time such as 2023-11-14T22:13:20Z'],
    ['raw == xyz', 'expected a hex text, not xyz'],
    ['clock == bot', 'there is no clock bot; did you mean boot?'],
    ['nam == VM_START', 'there is no key nam; did you mean name'],
    ['vmid == 3', 'there is no key vmid; did you mean payload.vmid'],
    ['payload.vmdi == 3', 'there is no field payload.vmdi; did you mean payload.vmid'],
    ['from in 3', 'expected {, not 3'],
    ['from in {3', 'expected , or }, not the end'],
    ['name matches /(/', 'expected ), not the end'],
    ['name matches /a{9999}/', 'expected'],
    ['name matches /(((a{99}){99}){99}){99}/', 'expected a shorter regular expression'],
    ['name matches /((((){99}){99}){99}){99}/', 'expected a shorter regular expression'],
    ['name matches /(?=a)/', 'expected a group without ?'],
    ['name matches /\\1/', 'expected \\d, \\w, \\s or an escaped sign'],
  ])('%s', (text, message) => {
    try {
      parseFilter(text, names);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect(errorText(error as UsageError)).toContain(message);
    }
  });

  it('every value that a record prints can be written back', () => {
    const printed = assemble([
      [3, 255, '2101010004000056'.concat('80000000')],
      [255, 3, '2102010004000056'.concat('0b000000')],
    ]).map((own) => JSON.parse(recordLine(protocol, own)));
    for (const record of printed) {
      for (const key of ['from', 'to', 'type', 'seq', 'id', 'name', 'error', 'time', 'latency_ns'])
        if (record[key] !== undefined)
          expect(parseFilter(`${key} == ${record[key]}`, names)((own) => record[own])).toBe(true);
    }
  });
});

describe('regular expressions', () => {
  const sources = [
    'a',
    'a*b',
    '(a|b)+c',
    '^a?b{2,3}$',
    '[a-c]x|y',
    '[^a]b',
    '\\d+\\.\\d',
    'a{2}',
    '(ab|a)(c|bcd)',
    '.b.',
    'x*',
    '(a*)*b',
  ];
  const texts = [
    '',
    'a',
    'b',
    'ab',
    'aab',
    'abc',
    'abb',
    'abbb',
    'abbbb',
    'cx',
    'y',
    'bb',
    '12.5',
    '1.',
    'abcd',
    'aaaa',
  ];

  it.each(sources)('/%s/ finds what the language finds', (source) => {
    const found = compileRegex(source, false, 1);
    for (const text of texts) expect([text, found(text)]).toEqual([text, new RegExp(source).test(text)]);
  });

  it('takes time in proportion to the text', () => {
    const found = compileRegex('^(a|a|aa)*(a*)*b$', false, 1);
    const time = cpuTimeMs(() => expect(found('a'.repeat(14_616))).toBe(false));
    // It takes milliseconds. With time that doubles for each character it would not end.
    expect(time).toBeLessThan(10_000);
  });
});
