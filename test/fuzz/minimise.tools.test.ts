import { describe, expect, it } from 'vitest';
import { parseFdt } from '../../src/devicetree/index.js';
import { fuzzSim } from './campaign.js';
import { RecordedSource, recordedSessions } from './recorded-source.js';
import { shortest } from './shortest.js';

/** Places at which boots of the recordings end that this replays. */
const places = [
  'console_write_empty_payload',
  'ipa_reserve_fixed_partly',
  'irq_empty_payload',
  'notify_without_link',
  'vcpu_halt_not_running',
  'vm_dealloc_unknown_vmid',
  'vm_exit_not_running',
  'vm_init_interrupt_map_exists',
  'vm_reset_unconfigured',
  'vm_reset_unknown_authentication',
] as const;

describe('a recorded session in which the manager dies', () => {
  const sessions = recordedSessions();
  const source = () => new RecordedSource(sessions);
  const findings = fuzzSim({ source, plays: 2000, cases: sessions.length });

  it('is one of those that are known', () => {
    expect([...findings.keys()].sort()).toEqual(places.map((place) => `panic ${place}`));
  });

  it.each(places)('%s becomes as short as can be', (place) => {
    const finding = findings.get(`panic ${place}`);
    const messages = finding?.played.steps.filter(({ kind }) => kind !== 'load').length;
    expect(finding?.state).toBe('smallest');
    expect(messages).toBe(shortest[place]);
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
