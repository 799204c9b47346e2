import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { completionsOf, filterNames, parseFilter } from '../../src/capture/filter/index.js';

const names = filterNames(protocol, false);
const offered = (text: string, cursor = text.length) =>
  completionsOf(text, cursor, names).items.map((item) => item.text);

describe('completion of filters', () => {
  it.each<[text: string, some: readonly string[], none: readonly string[]]>([
    ['', ['name', 'from', 'latency_ns', 'payload'], ['==', 'VM_START']],
    ['na', ['name'], ['from']],
    ['vmid', ['payload.vmid'], ['name']],
    ['payload.vm', ['payload.vmid', 'payload.vm_status'], ['payload.label']],
    ['name ', ['==', '!=', 'in', 'contains', 'matches', 'and', 'or'], ['name', '<']],
    ['latency_ns ', ['<', '>='], ['name']],
    ['name == ', ['VM_START', 'MEM_LEND'], ['HLOS', 'OK']],
    ['name == "VM_ST', ['VM_START', 'VM_STOP'], ['MEM_LEND']],
    ['from == h', ['HLOS'], ['RM']],
    ['error != MEM', ['MEM_INUSE'], ['VM_START']],
    ['type in', ['in'], ['{']],
    ['type in ', ['{'], ['reply']],
    ['type in {reply, ', ['request', 'notification'], ['and']],
    ['type == reply ', ['and', 'or'], ['==', 'name']],
    ['type == reply an', ['and'], ['or']],
    ['(type == reply) ', ['and', 'or'], []],
    ['name == "VM_START" and not (fr', ['from', 'frame'], ['and']],
    ['payload.vm_status == ', ['RUNNING', 'READY'], ['OK']],
  ])('behind %j offers what may stand there', (text, some, none) => {
    const items = offered(text);
    for (const item of some) expect(items).toContain(item);
    for (const item of none) expect(items).not.toContain(item);
  });

  it('offers nothing behind an error', () => {
    expect(offered('colour == 3 and na')).toEqual([]);
    expect(offered('name == VM_STRAT and na')).toEqual([]);
    expect(offered('payload.nothing.')).toEqual([]);
  });

  it('replaces the word that is being written, also in the middle', () => {
    const text = 'na == VM_START';
    expect(completionsOf(text, 2, names)).toMatchObject({ start: 0, end: 2 });
    expect(offered(text, 2)[0]).toBe('name');
    expect(completionsOf('name == "VM_ST', 14, names)).toMatchObject({ start: 8, end: 14 });
  });

  it('offers only what can be read', () => {
    const readable = (text: string) => expect(() => parseFilter(text, names)).not.toThrow();
    for (const key of offered('').filter((item) => item !== 'payload' && item !== 'issues')) readable(key);
    for (const field of offered('payload.')) {
      const values = offered(`${field} == `);
      if (values.length === 0) continue;
      for (const value of values) readable(`${field} == ${value}`);
    }
    for (const name of offered('name == ')) readable(`name == ${name}`);
    for (const code of offered('error in {')) readable(`error in {${code}}`);
  });
});
