import { describe, expect, it } from 'vitest';
import { parseFdt } from '../../src/devicetree/index.js';
import { fuzzSim } from './campaign.js';
import { RecordedSource, recordedSessions } from './recorded-source.js';

/** Messages of the shortest known way to each place (test/rm/panics.test.ts). */
const shortest: Readonly<Record<string, number>> = {
  'panic console_write_empty_payload': 1,
  'panic ipa_reserve_fixed_partly': 5,
  'panic irq_empty_payload': 1,
  'panic notify_without_link': 2,
  'panic vcpu_halt_not_running': 2,
  'panic vm_dealloc_unknown_vmid': 1,
  'panic vm_exit_not_running': 1,
  'panic vm_init_interrupt_map_exists': 10,
  'panic vm_reset_unconfigured': 2,
  'panic vm_reset_unknown_authentication': 4,
};

describe('a recorded session in which the manager dies', () => {
  const sessions = recordedSessions();
  const source = () => new RecordedSource(sessions);
  const findings = fuzzSim({ source, plays: 2000, cases: sessions.length });

  it('is one of those that are known', () => {
    expect([...findings.keys()].sort()).toEqual(Object.keys(shortest));
  });

  it.each(Object.keys(shortest))('%s becomes as short as can be', (key) => {
    const finding = findings.get(key);
    const messages = finding?.played.steps.filter(({ kind }) => kind !== 'load').length;
    expect(finding?.state).toBe('smallest');
    expect(messages).toBe(shortest[key]);
    expect(finding?.played.responses.at(-1)?.ended).toBeDefined();
  });

  it('keeps of devicetrees only what it takes', () => {
    const steps = findings.get('panic vm_init_interrupt_map_exists')?.played.steps ?? [];
    const [tree] = steps.flatMap((step) => (step.kind === 'load' ? [parseFdt(step.bytes)] : []));
    expect(tree?.children.map(({ name }) => name)).not.toContain('aliases');
    expect(steps.filter(({ kind }) => kind === 'load')).toHaveLength(1);
  });

  it('becomes the same every time', () => {
    const again = fuzzSim({ source, plays: 2000, cases: sessions.length });
    const played = (found: typeof findings) => [...found.values()].map(({ played: { steps } }) => steps);
    expect(played(again)).toEqual(played(findings));
  });
});
