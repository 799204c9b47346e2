import { describe, expect, it } from 'vitest';
import { recordedLines } from '../recorded.js';
import { type FlowLine, replayFlow } from './vm-flow.js';

describe('recorded flows of the VM managers', () => {
  const lines = recordedLines<FlowLine>('linux-flows.ndjson');

  it('are there', () => {
    expect(lines.length).toBeGreaterThanOrEqual(42);
  });

  it.each(lines.map((line) => [[line.client, line.scenario, ...line.options].join(' '), line] as const))(
    '%s: the same ioctl results, calls, hypercalls, waits and pages',
    (_, line) => {
      const { events, pages_still_pinned, locked_vm } = line;
      expect(replayFlow(line)).toEqual({ events, pages_still_pinned, locked_vm });
    },
  );
});
