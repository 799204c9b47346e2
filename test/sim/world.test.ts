import { describe, expect, it } from 'vitest';
import { protocol, VM_GET_STATE, VM_GET_VMID } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { EventHeap } from '../../src/sim/event-heap.js';
import { type FaultRule, UNLIMITED, World, type WorldOptions } from '../../src/sim/index.js';
import { HLOS } from './session.js';

function ask(seq: number): Uint8Array {
  const [frame] = encodeMessage(protocol, VM_GET_VMID, 'request', { seq, payload: {} });
  return frame as Uint8Array;
}

/** A world that keeps a log of what VMs get: time, VM, sequence number. */
function logged(seed = 1, options: WorldOptions = {}) {
  const got: string[] = [];
  const put: string[] = [];
  const world: World = new World(seed, {
    ...options,
    observer: {
      received: (vmid, frame) => got.push(`${world.now} ${vmid} ${frame[2]}`),
      put: (from, to, frame) => put.push(`${world.now} ${from}>${to} ${formatHex(frame)}`),
    },
  });
  return { world, got, put };
}

/** HLOS asks so many times, 10 us apart. */
function askTimes(world: World, count: number): void {
  for (let seq = 0; seq < count; seq++) world.at(seq * 10_000, () => world.send(HLOS, ask(seq)));
  world.run();
}

describe('EventHeap', () => {
  it('gives entries by time, and in the order of insertion within a time', () => {
    const heap = new EventHeap();
    const out: string[] = [];
    const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 41);
    times.forEach((time, index) => {
      heap.push(time, () => out.push(`${time}:${index}`));
    });
    for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) entry.action();
    const expected = times.map((time, index) => ({ time, index }));
    expected.sort((left, right) => left.time - right.time || left.index - right.index);
    expect(out).toEqual(expected.map(({ time, index }) => `${time}:${index}`));
    expect(heap.nextTime).toBeUndefined();
  });
});

describe('World', () => {
  it('lets messages take their time', () => {
    const { world, got } = logged(1, { delays: { putNs: 700, takeNs: 300 } });
    world.send(HLOS, ask(0));
    world.run();
    expect(got).toEqual(['1000 3 0']);
    world.run(5000);
    expect(world.now).toBe(5000);
    world.send(HLOS, ask(1));
    world.run();
    expect(got).toEqual(['1000 3 0', '6000 3 1']);
  });

  it('keeps the order of a VM whatever the jitter', () => {
    const { world, got } = logged(3, { delays: { jitterNs: 50_000 } });
    for (let seq = 0; seq < 100; seq++) world.at(seq * 20_000, () => world.send(HLOS, ask(seq)));
    world.run();
    expect(got.map((line) => Number(line.split(' ')[2]))).toEqual(
      Array.from({ length: 100 }, (_, seq) => seq),
    );
  });

  it('does the same again with the same seed, and something else with another', () => {
    const faults: FaultRule[] = [
      { kind: 'flip', match: { probability: 0.2 } },
      { kind: 'reorder', match: { probability: 0.2 }, ns: 30_000 },
      { kind: 'drop', match: { probability: 0.2 } },
    ];
    const run = (seed: number) => {
      const { world, got, put } = logged(seed, { delays: { jitterNs: 5000 } });
      for (const rule of faults) world.faults.add(rule);
      askTimes(world, 60);
      return { got, put };
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it('refuses what has no queue, and lets a VM wait for room', () => {
    const refused: number[] = [];
    const observer = { refused: (vmid: number) => refused.push(vmid) };
    const world = new World(1, { observer });
    world.send(77, ask(0));
    world.run();
    expect(refused).toEqual([77]);
    for (let seq = 0; seq < 12; seq++) world.send(HLOS, ask(seq), { enqueue: true, refuse: true });
    world.run();
    expect(refused).toEqual([77, 3, 3, 3, 3]);
    for (let seq = 0; seq < 12; seq++) world.send(HLOS, ask(seq), { enqueue: true });
    world.run();
    world.perform({ kind: 'run' });
    world.run();
    expect(refused).toEqual([77, 3, 3, 3, 3]);
  });

  it('holds VMs back and lets them go on, oldest message first', () => {
    const { world, got } = logged();
    world.perform({ kind: 'receive_limit', vmid: HLOS, count: 2 });
    for (let seq = 0; seq < 6; seq++) world.send(HLOS, ask(seq));
    world.run();
    expect(got).toHaveLength(2);
    expect(world.waiting()).toEqual([{ vmid: HLOS, count: 4 }]);
    world.perform({ kind: 'receive_limit', vmid: HLOS, count: 1 });
    world.run();
    expect(got).toHaveLength(3);
    world.perform({ kind: 'receive_limit', vmid: HLOS, count: UNLIMITED });
    world.run();
    expect(got.map((line) => line.at(-1))).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(world.waiting()).toEqual([]);
  });

  it('forgets what was on its way when it boots again', () => {
    const { world, got } = logged();
    world.send(HLOS, ask(0));
    world.perform({ kind: 'reboot' });
    world.send(HLOS, ask(1));
    world.run();
    expect(got.map((line) => line.at(-1))).toEqual(['1']);
  });
});

describe('fault rules', () => {
  function run(rule: FaultRule, count = 4) {
    const { world, got, put } = logged();
    world.faults.add(rule);
    askTimes(world, count);
    const [counted] = world.faults.counts;
    return {
      got: got.map((line) => Number(line.split(' ')[2])),
      times: got.map((line) => Number.parseInt(line, 10)),
      put,
      counted,
    };
  }

  it('drop', () => {
    const { got, counted } = run({ kind: 'drop', match: { from: HLOS }, limit: 1 });
    expect(got).toEqual([1, 2, 3]);
    expect(counted).toMatchObject({ matched: 1, applied: 1 });
    expect(run({ kind: 'drop', match: { to: HLOS, message: 'VM_GET_VMID', type: 'reply' } })).toMatchObject({
      got: [],
      counted: { matched: 4, applied: 4 },
    });
  });

  it('duplicate', () => {
    expect(run({ kind: 'duplicate', match: { to: HLOS }, limit: 1 }).got).toEqual([0, 0, 1, 2, 3]);
    const asked = run({ kind: 'duplicate', match: { from: HLOS }, limit: 2 });
    expect(asked.got).toEqual([0, 0, 1, 1, 2, 3]);
    expect(asked.put).toHaveLength(12);
  });

  it('delay and reorder', () => {
    const late = run({ kind: 'delay', match: { from: HLOS }, ns: 25_000, limit: 1 });
    expect(late.got).toEqual([0, 1, 2, 3]);
    expect(late.times).toEqual([27_000, 27_000, 27_000, 32_000]);
    expect(run({ kind: 'reorder', match: { from: HLOS }, ns: 25_000, limit: 1 }).got).toEqual([1, 2, 0, 3]);
    expect(run({ kind: 'reorder', match: { to: HLOS }, ns: 15_000, limit: 1 }).got).toEqual([1, 0, 2, 3]);
  });

  it('flip', () => {
    const { put, counted } = run({ kind: 'flip', match: { from: HLOS }, limit: 1 });
    const plain = run({ kind: 'drop', match: { from: 99 } });
    const bits = (line: string) => BigInt(`0x${line.split(' ')[2]}`);
    const difference = bits(put[0] as string) ^ bits(plain.put[0] as string);
    expect(difference.toString(2).replaceAll('0', '')).toBe('1');
    expect(counted).toMatchObject({ applied: 1 });
    expect(plain.counted).toMatchObject({ matched: 0, applied: 0 });
  });

  it('truncate', () => {
    const { put, got } = run({ kind: 'truncate', match: { from: HLOS }, size: 5, limit: 1 });
    expect(put[0]).toBe('1000 3>255 2101000024');
    expect(got).toEqual([1, 2, 3]);
  });

  it('hold', () => {
    const vm = run({ kind: 'hold', match: { to: HLOS }, ns: 100_000, limit: 1 });
    expect(vm.times).toEqual([2000, 102_000, 102_000, 102_000]);
    const manager = run({ kind: 'hold', match: { from: HLOS }, ns: 100_000, limit: 1 }, 8);
    expect(manager.got).toEqual(Array.from({ length: 8 }, (_, seq) => seq));
    expect(manager.times[0]).toBeGreaterThanOrEqual(100_000);
  });

  it('the first rule that matches decides, with its own numbers', () => {
    const both = (first: FaultRule) => {
      const { world, got } = logged(5);
      world.faults.add(first);
      world.faults.add({ kind: 'drop', match: { from: HLOS, probability: 0.5 } });
      askTimes(world, 40);
      return {
        got: got.length,
        counts: world.faults.counts.map(({ applied, matched }) => [applied, matched]),
      };
    };
    expect(both({ kind: 'drop', match: { from: HLOS } }).counts).toEqual([
      [40, 40],
      [0, 0],
    ]);
    const idle = both({ kind: 'drop', match: { from: HLOS, message: VM_GET_STATE.name } });
    expect(idle.counts[1]?.[1]).toBe(40);
    expect(idle.got).toBe(40 - (idle.counts[1]?.[0] as number));
    expect(idle.got).toBeGreaterThan(8);
    expect(idle.got).toBeLessThan(32);
  });
});
