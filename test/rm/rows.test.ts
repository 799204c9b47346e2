import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { senderCondition } from '../../src/rm/handlers/row.js';
import { rm23Rows } from '../../src/rm/handlers/rows.js';
import { handlerFacts, ResourceManager } from '../../src/rm/index.js';
import { formatId } from '../../src/schema/index.js';
import { Bench, HLOS } from './guest.js';

const UNIMPLEMENTED = 0xffffffff;
const calls = protocol.messages.filter(({ kind }) => kind === 'call');

describe('the rows of the public manager', () => {
  it('answer every call that is declared as implemented, and no other', () => {
    const declared = calls.filter(({ implementedByRm23 }) => implementedByRm23);
    expect(rm23Rows.map(({ message }) => message.name).sort()).toEqual(
      declared.map(({ name }) => name).sort(),
    );
  });

  it('answer each message in one row only', () => {
    expect(new Set(rm23Rows.map(({ message }) => message.id)).size).toBe(rm23Rows.length);
  });

  it('check the payload, and a declared sender before it', () => {
    for (const row of rm23Rows) {
      const at = row.checks.indexOf('payload');
      expect(at).toBeGreaterThanOrEqual(0);
      if (row.rules.sender === undefined) continue;
      expect([row.message.name, senderCondition(row)?.text]).toEqual([
        row.message.name,
        `sender: ${row.rules.sender}`,
      ]);
      expect(row.checks.indexOf('sender')).toBeLessThan(at);
    }
  });

  it.each(calls.filter(({ implementedByRm23 }) => !implementedByRm23).map(({ id, name }) => ({ id, name })))(
    '$name: UNIMPLEMENTED',
    ({ id }) => {
      expect(new Bench().ask(id)).toEqual([[id, UNIMPLEMENTED]]);
    },
  );

  it('can be had with other rows behind them', () => {
    const [first] = rm23Rows.filter(({ message }) => message.name === 'VM_GET_VMID');
    const more = first === undefined ? [] : [{ ...first, answer: () => ({ vmid: 77 }) }];
    const bench = new Bench({ profile: { rows: [...rm23Rows, ...more] } });
    expect(bench.ask(first?.message.id ?? 0)).toEqual([[first?.message.id, 0, 77]]);
    expect(new ResourceManager().vm(HLOS)?.vmid).toBe(HLOS);
  });
});

describe('what the rows say of a message', () => {
  const checksOf = (name: string) => handlerFacts().get(protocol.byName.get(name)?.id ?? 0)?.checks;

  it('names the checks in their order', () => {
    expect(checksOf('VM_INIT')).toEqual([
      { check: 'sender: HLOS', error: 'DENIED' },
      { check: 'size and lists' },
      { check: 'reserved field is 0', error: 'MSG_INVALID' },
    ]);
    expect(checksOf('VM_EXIT')).toEqual([
      { check: 'size and lists' },
      { check: 'crash-fatal is not set for the sender', error: 'ARGUMENT_INVALID' },
      { check: 'reserved field is 0', error: 'MSG_INVALID' },
    ]);
  });

  it('is nothing for a message that is not answered', () => {
    expect(checksOf('VM_SUSPEND')).toBeUndefined();
    expect(formatId(protocol.byName.get('VM_SUSPEND')?.id ?? 0)).toBe('0x56000007');
  });
});
