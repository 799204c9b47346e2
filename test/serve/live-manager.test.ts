import { describe, expect, it } from 'vitest';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { type PanicReason, platforms } from '../../src/rm/index.js';
import { LiveManager, type LiveOptions, type Outlet } from '../../src/serve/index.js';
import { CapabilityMask } from '../../src/sim/mask.js';
import { expectEqual, expectIs } from '../same.js';
import { type Life, recordedLives } from './recorded-life.js';

const VMID_RM = 255;
const getVmid = (seq: number) => request(seq, '24000056');
const allocate = (seq: number) => request(seq, '0100005600000000');
/** VM_DEALLOC_VMID of a VMID that no VM has: the real manager dies of it. */
const killing = (seq: number) => request(seq, '0200005699000000');

/** A request of one queue message; the rest is id and payload. */
function request(seq: number, rest: string): Uint8Array {
  const message = parseHex(`21010000${rest}`) as Uint8Array;
  new DataView(message.buffer).setUint16(2, seq, true);
  return message;
}

function newLive(options: Partial<LiveOptions> = {}): LiveManager {
  return new LiveManager({
    platform: platforms.native,
    careful: false,
    memory: [],
    rebootOnPanic: false,
    onPanic: () => {},
    onMessage: () => {},
    ...options,
  });
}

/** Takes everything while it is open. */
class Recorder implements Outlet {
  open = true;
  taken: { to: number; frame: Uint8Array }[] = [];

  send(vmid: number, message: Uint8Array): boolean {
    if (this.open) this.taken.push({ to: vmid, frame: message });
    return this.open;
  }

  /** Sequence numbers of what was taken. */
  get sequence(): number[] {
    return this.taken.map(({ frame }) => (frame[2] as number) | ((frame[3] as number) << 8));
  }
}

describe('a live manager', () => {
  const lives = recordedLives();

  it('has many recordings to go by', () => {
    expect(lives.length).toBeGreaterThan(150);
  });

  it.each(lives)('answers as recorded: $name', (life: Life) => {
    const panics: PanicReason[] = [];
    const live = newLive({ memory: life.memory, onPanic: (reason) => panics.push(reason) });
    const outlet = new Recorder();
    live.fallback = outlet;
    const masks = [new CapabilityMask(), new CapabilityMask()] as const;
    const text = (mask: CapabilityMask, list: Recorder['taken']) =>
      list.map(({ to, frame }) => `${to} ${formatHex(mask.apply(to, frame))}`);
    for (const { from, frame, out, panic } of life.steps) {
      outlet.taken = [];
      live.receive(outlet, from, VMID_RM, frame);
      expectIs(panics.length, panic ? 1 : 0);
      if (panic) return;
      expectEqual(text(masks[1], outlet.taken), text(masks[0], [...out]));
    }
  });

  it('keeps what an outlet does not take within the limits of the queue, in order', () => {
    const live = newLive();
    const slow = new Recorder();
    slow.open = false;
    for (let seq = 0; seq < 1000; seq++) live.receive(slow, 3, VMID_RM, getVmid(seq));
    slow.open = true;
    live.resume(slow);
    // One in the outlet's hands, eight on the queue, one in transmission, the pending reply; others replaced each other.
    expect(slow.sequence).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 999]);
    live.receive(slow, 3, VMID_RM, getVmid(1000));
    expect(slow.sequence.at(-1)).toBe(1000);
  });

  it('hands a VM over to the outlet that speaks as it, and back when that is gone', () => {
    const live = newLive();
    const [datagrams, first, second] = [new Recorder(), new Recorder(), new Recorder()];
    live.fallback = datagrams;
    first.open = false;
    for (let seq = 0; seq < 3; seq++) live.receive(first, 3, VMID_RM, getVmid(seq));
    live.receive(second, 3, VMID_RM, new Uint8Array(0));
    expect(second.sequence).toEqual([0, 1, 2]);
    // Not its own any more.
    first.open = true;
    live.resume(first);
    live.leave(first);
    live.receive(second, 3, VMID_RM, getVmid(3));
    second.open = false;
    live.receive(second, 3, VMID_RM, getVmid(4));
    live.leave(second);
    expect([first.sequence, second.sequence, datagrams.sequence]).toEqual([[], [0, 1, 2, 3], [4]]);
  });

  it('keeps messages while there is nobody to take them', () => {
    const live = newLive();
    const [gone, next] = [new Recorder(), new Recorder()];
    gone.open = false;
    live.receive(gone, 3, VMID_RM, getVmid(1));
    live.leave(gone);
    live.receive(next, 3, VMID_RM, getVmid(2));
    expect(next.sequence).toEqual([1, 2]);
  });

  it('drops what no queue takes and tells why', () => {
    const refusals: (string | undefined)[] = [];
    const live = newLive({ onMessage: (_from, _to, _message, refusal) => refusals.push(refusal) });
    const outlet = new Recorder();
    live.receive(outlet, 3, VMID_RM, new Uint8Array(0));
    live.receive(outlet, 3, VMID_RM, new Uint8Array(241));
    live.receive(outlet, 3, 128, getVmid(1));
    live.receive(outlet, 128, VMID_RM, getVmid(1));
    live.receive(outlet, 65535, VMID_RM, getVmid(1));
    expect(outlet.taken).toEqual([]);
    const [size, queue] = ['not queued: size', 'not queued: no such queue'];
    expect(refusals).toEqual([size, size, queue, queue, queue]);
  });

  it('falls silent when the manager dies', () => {
    const panics: PanicReason[] = [];
    const live = newLive({ onPanic: (reason) => panics.push(reason) });
    const outlet = new Recorder();
    for (const message of [getVmid(1), killing(2), getVmid(3)]) live.receive(outlet, 3, VMID_RM, message);
    expect(outlet.sequence).toEqual([1]);
    expect(panics).toEqual(['vm_dealloc_unknown_vmid']);
  });

  it('boots again when asked to, with the same contents of memory', () => {
    const panics: PanicReason[] = [];
    const life = lives.find(({ name }) => name === 'lifecycle_dynamic') as Life;
    const linked: string[] = [];
    const live = newLive({
      memory: life.memory,
      rebootOnPanic: true,
      onPanic: (reason) => panics.push(reason),
    });
    live.onLink = (vmid, exists) => linked.push(`${exists ? '+' : '-'}${vmid}`);
    const outlet = new Recorder();
    const untilRunning = life.steps.slice(0, 12);
    const run = () => {
      outlet.taken = [];
      for (const { from, frame } of untilRunning) live.receive(outlet, from, VMID_RM, frame);
      return outlet.taken.map(({ to, frame }) => `${to} ${formatHex(frame)}`);
    };
    const first = run();
    expect([...live.linked]).toEqual([3, 128]);
    live.receive(outlet, 3, VMID_RM, killing(1));
    expect([...live.linked]).toEqual([3]);
    live.receive(outlet, 3, VMID_RM, killing(2));
    expect(run()).toEqual(first);
    expect(linked).toEqual(['+128', '-128', '+3', '+3', '+128']);
    expect(panics).toEqual(['vm_dealloc_unknown_vmid', 'vm_dealloc_unknown_vmid']);
  });

  it('answers with an error instead when it is careful', () => {
    const live = newLive({ careful: true });
    const outlet = new Recorder();
    for (const message of [killing(1), allocate(2)]) live.receive(outlet, 3, VMID_RM, message);
    expect(outlet.sequence).toEqual([1, 2]);
  });
});
