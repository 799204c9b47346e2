import { describe, expect, it } from 'vitest';
import { type Issue, UsageError, WireError } from '../../src/base/error.js';
import { nameLike, nearest } from '../../src/base/nearest.js';
import { errorText, issueText, sentence } from '../../src/base/sentence.js';

const issue = (code: string, expected: Issue['expected'], actual: Issue['actual'], path = 'vmid'): Issue => ({
  code,
  path,
  offset: 4,
  expected,
  actual,
});

describe('an error as a sentence', () => {
  it.each<[Issue, string]>([
    [issue('truncated', 4, 2), 'vmid, offset 4: 4 bytes are needed, 2 are there'],
    [issue('trailing', 4, 8, ''), 'offset 4: the fields end after 4 bytes, and there are 8'],
    [issue('range', '0..65535', 70_000), 'vmid, offset 4: 70000 is out of range: it must be 0 to 65535'],
    [issue('range', '0..4294967295', -1), 'vmid, offset 4: -1 is out of range: it must be 0 to 0xffffffff'],
    [issue('max', 512, 600), 'vmid, offset 4: 600 entries, and the manager takes at most 512'],
    [issue('id', 1442840608, 0x56000004, 'id'), 'id, offset 4: is 0x56000004, must be 0x56000020'],
    [issue('padding', 0, 7), 'vmid, offset 4: a padding byte must be 0 and is 7'],
    [issue('other', 'a fox', 'a hen'), 'vmid, offset 4: expected a fox, not a hen'],
    [issue('other', 12n, 13n), 'vmid, offset 4: is 0xd, must be 0xc'],
    [issue('format', 'ndjson', 'pcapng', ''), 'offset 4: the input is pcapng, not ndjson'],
  ])('%o', (given, text) => {
    expect(issueText(given)).toBe(text);
  });

  it('suggests the nearest of the names, lists few, and does not list many', () => {
    const unknown = (actual: string, names: readonly string[]) =>
      sentence({ ...issue('unknown', 'a name', actual), choice: { what: 'message', names } });
    expect(unknown('VM_STRAT', ['VM_START', 'MEM_SHARE'])).toBe(
      'there is no message VM_STRAT; did you mean VM_START?',
    );
    expect(unknown('x', ['VM_START', 'MEM_SHARE'])).toBe(
      'there is no message x; possible: VM_START, MEM_SHARE',
    );
    expect(unknown('x', Array(50).fill('VM_START'))).toBe('there is no message x; expected a name');
    expect(sentence(issue('option', 'json, c, rust', 'jsn'))).toBe('there is no jsn; did you mean json?');
  });

  it('numbers of options: as people write them, and what is no number', () => {
    const argument = (expected: string, actual: string) =>
      errorText(new UsageError({ code: 'argument', path: '--seed', expected, actual }));
    expect(argument('0..9007199254740991', 'x')).toBe('--seed: "x" is not a number: it must be 0 or more');
    expect(argument('0..4294967295', '0x100000000')).toBe(
      '--seed: 0x100000000 is out of range: it must be 0 to 0xffffffff',
    );
  });

  it('leaves message, code and fields of the error as they were', () => {
    const choice = { what: 'field', names: ['vmid'] };
    const error = new WireError({ ...issue('unknown_key', 'vmid', 'vmdi'), choice }, 'line 2: ');
    expect(error.message).toBe('line 2: unknown_key at vmid, offset 4: expected vmid, actual vmdi');
    expect(errorText(error)).toBe('line 2: vmid, offset 4: there is no field vmdi; did you mean vmid?');
  });
});

it('finds names in any letter case, the same case first', () => {
  expect(nameLike('vm_status', ['VM_STATUS', 'vm_status'])).toBe('vm_status');
  expect(nameLike('Vm_Status', ['VM_STATUS', 'vm_status'])).toBe('VM_STATUS');
  expect(nameLike('vm', ['VM_STATUS'])).toBeUndefined();
  expect(nearest('reclaim', ['VM_IRQ_RECLAIM', 'MEM_RECLAIM', 'VM_START'])).toEqual([
    'MEM_RECLAIM',
    'VM_IRQ_RECLAIM',
  ]);
});
