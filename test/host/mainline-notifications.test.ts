import { describe, expect, it } from 'vitest';
import { vmStatus } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { Endpoint, HostError, type VmChange, vmChange } from '../../src/host/index.js';
import { formatId } from '../../src/schema/index.js';
import { argument, bytesOf, type ReplyLine, replyLines } from './vectors.js';

const lines = replyLines.filter(({ client, call }) => /^(a14|v17|a15)$/.test(client) && call === 'none');

/** What the VM manager of that client makes of what came in, for a running VM. */
function play({ client, args, incoming }: ReplyLine) {
  const endpoint = new Endpoint(client);
  const heard: { id: string; payload_null: number }[] = [];
  let change: VmChange = { status: vmStatus.values.RUNNING };
  for (const interrupt of incoming) {
    const frames = [interrupt].flat().map((frame) => bytesOf(frame as string));
    endpoint.receive(() => frames.shift());
    for (let event = endpoint.nextEvent(); event; event = endpoint.nextEvent()) {
      if (event.kind !== 'notification') continue;
      const { id, payload } = event;
      heard.push({ id: formatId(id), payload_null: Number(payload === undefined) });
      change = vmChange(id, payload ?? new Uint8Array(0), argument(args, 'vmid')) ?? change;
    }
  }
  const { status, exit } = change;
  return {
    ret: 0,
    vm_status: status,
    exit_type: exit?.type ?? 0,
    reason_size: exit?.reasonSize ?? 0,
    reason: formatHex(exit?.reason ?? new Uint8Array(0)).padEnd(16, '0'),
    notifications: heard,
    requests_sent: [],
  };
}

describe('recorded notifications to the mainline VM managers', () => {
  it.each(lines.map((line) => [`${line.client}: ${line.name}`, line] as const))('%s', (_title, line) => {
    if (line.outcome.crash === undefined) {
      const { notifications = [], ...outcome } = line.outcome;
      expect(play(line)).toEqual({ ...outcome, notifications });
      return;
    }
    const hazard = (() => {
      try {
        return play(line);
      } catch (error) {
        return error instanceof HostError ? error.hazard : undefined;
      }
    })();
    const name = line.outcome.crash === 'SEGV' ? 'empty_notification' : 'short_notification';
    expect(hazard).toMatchObject({ name });
  });

  it('are all there', () => {
    expect(lines).toHaveLength(39);
  });

  it('about a VM that is not the own one change nothing, and are not read to their end', () => {
    const exited = 0x56100001;
    expect(vmChange(exited, Uint8Array.of(129, 0), 128)).toBeUndefined();
    expect(vmChange(exited, Uint8Array.of(129, 0, 1, 0, 0, 0, 0, 0), 128)).toBeUndefined();
    expect(vmChange(0x56100011, Uint8Array.of(1), 128)).toBeUndefined();
  });

  it('that say more bytes than they have are read only as far as the clients copy: 8 bytes', () => {
    const exited = (size: number, ...reason: number[]) =>
      vmChange(0x56100001, Uint8Array.of(128, 0, 1, 0, size, 0, 0, 0, ...reason), 128);
    expect(exited(200, 1, 2, 3, 4, 5, 6, 7, 8)?.exit?.reason).toHaveLength(8);
    expect(() => exited(200, 1, 2, 3, 4, 5, 6, 7)).toThrow(/short_notification/);
    expect(exited(2, 1, 2)?.exit).toMatchObject({ reasonSize: 2 });
  });
});
