import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { UsageError } from '../../src/base/error.js';
import { filterNames, parseFilter } from '../../src/capture/filter/index.js';
import type { Json } from '../../src/capture/payload/index.js';

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
    'not error',
    'type>="reply"',
    'not headers',
  ])('%s matches', (text) => expect(matches(text)).toBe(true));

  it.each([
    'error != OK',
    'error == OK',
    'payload.vmid != 3',
    'payload.vmid == 3',
    'payload.sgl_entries.size > 0',
    'payload.sgl_entries',
    'name == "mem_lend"',
    'name > 5',
    'not latency_ns',
    'incomplete',
    'from == 3 and (to == 3 or seq == 3)',
    'not (from == 3 or to == 3)',
  ])('%s does not match', (text) => expect(matches(text)).toBe(false));

  it.each([
    ['', 'column 1'],
    ['name ==', 'column 8'],
    ['name = 3', 'column 6'],
    ['(name == 3', 'column 11'],
    ['name == 3)', 'column 10'],
    ['nam == 3', 'column 1'],
    ['payload.vmdi == 3', 'column 1'],
    ['name == "x', 'column 9'],
    ['3 == name', 'column 1'],
    ['name == 3 4', 'column 11'],
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
    expect(matches('payload.acl_entries.constructor')).toBe(false);
  });
});
