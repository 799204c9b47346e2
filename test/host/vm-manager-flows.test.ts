import { describe, expect, it } from 'vitest';
import { recordedLines } from '../recorded.js';
import { type FlowLine, replayFlow } from './vm-flow.js';

const titleOf = ({ client, scenario, options }: FlowLine) => [client, scenario, ...options].join(' ');
const lines = recordedLines<FlowLine>('linux-flows.ndjson');

describe('recorded flows of the VM managers', () => {
  it('are there', () => {
    expect(lines.length).toBeGreaterThanOrEqual(42);
  });

  it.each(lines.map((line) => [titleOf(line), line] as const))(
    '%s: the same ioctl results, calls, hypercalls, waits and pages',
    (_, line) => {
      const { events, pages_still_pinned, locked_vm } = line;
      expect(replayFlow(line).outcome).toEqual({ events, pages_still_pinned, locked_vm });
    },
  );
});

/** Calls that the flows make (client.md, section 6). */
const ids = [
  0x51000012, 0x51000013, 0x51000015, 0x56000001, 0x56000002, 0x56000004, 0x56000005, 0x56000006, 0x56000009,
  0x5600000b, 0x56000020, 0x56000024, 0x56000031, 0x56000032, 0x56000033, 0x56000034,
];
const failures = ids.flatMap((id) =>
  ['nth=0', 'nth=1'].map((nth) => [`fail=0x${id.toString(16)}`, 'err=3', nth]),
);
const silences = [['noexit'], ['noreset']];
const flows = lines
  .filter(({ options }) => options.length === 0)
  .flatMap((line) => [...failures, ...silences].map((options) => ({ ...line, options })));

describe('every scenario with every failure', () => {
  const told = (end: ReturnType<typeof replayFlow>, ...names: string[]) =>
    names.some((name) => end.findings.has(name));

  it('faithful: what is left behind is said', () => {
    expect(flows.length).toBeGreaterThan(600);
    const unsaid = flows.filter((flow) => {
      const end = replayFlow(flow);
      const isPinned = end.outcome.pages_still_pinned > 0 || end.handlesLeft > 0;
      if (isPinned && !told(end, 'endless_wait', 'pages_pinned')) return true;
      return end.vmLeft && !told(end, 'endless_wait', 'vmid_lost');
    });
    expect(unsaid.map(titleOf)).toEqual([]);
  });

  it('careful: nothing is left behind but what RM does not tell of, and that is said', () => {
    const wrong = flows.filter((flow) => {
      const end = replayFlow(flow, 'careful');
      const { pages_still_pinned, locked_vm } = end.outcome;
      const isLeft = pages_still_pinned > 0 || locked_vm > 0 || end.handlesLeft > 0 || end.vmLeft;
      const isSilent = flow.options.length === 1;
      return told(end, 'endless_wait') || (isLeft && !(isSilent && told(end, 'vmid_lost')));
    });
    expect(wrong.map(titleOf)).toEqual([]);
  });
});
