import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { MessageQueue, QueueError } from '../../src/transport/index.js';
import { holds } from '../seeded.js';

const bytes = (size: number) => new Uint8Array(size).fill(7);

describe('message queue', () => {
  it('keeps whole messages in order, at most as many as it is deep', () => {
    const queue = new MessageQueue({ depth: 2 });
    expect(queue.receive()).toEqual({ error: QueueError.EMPTY, message: undefined, notEmpty: false });
    expect(queue.send(bytes(1))).toEqual({ error: QueueError.OK, notFull: true });
    expect(queue.send(bytes(240))).toEqual({ error: QueueError.OK, notFull: false });
    expect(queue.send(bytes(2))).toEqual({ error: QueueError.FULL, notFull: false });
    expect(queue.receive()).toEqual({ error: QueueError.OK, message: bytes(1), notEmpty: true });
    expect(queue.receive()).toEqual({ error: QueueError.OK, message: bytes(240), notEmpty: false });
    expect(queue.count).toBe(0);
  });

  it.each([0, 241])('as built, takes a message of %i bytes with OK and loses it', (size) => {
    const queue = new MessageQueue();
    expect(queue.send(bytes(size))).toEqual({ error: QueueError.OK, notFull: true });
    expect(queue.count).toBe(0);
  });

  it.each([0, 241])('as documented, refuses a message of %i bytes', (size) => {
    const queue = new MessageQueue({ rules: 'documented' });
    expect(queue.send(bytes(size)).error).toBe(QueueError.ARGUMENT_SIZE);
    expect(queue.count).toBe(0);
  });

  it('leaves a message that the buffer is too small for', () => {
    for (const [rules, error] of [
      ['as-built', QueueError.OK],
      ['documented', QueueError.ADDR_OVERFLOW],
    ] as const) {
      const queue = new MessageQueue({ rules });
      queue.send(bytes(9));
      expect(queue.receive(8)).toEqual({ error, message: undefined, notEmpty: true });
      expect(queue.receive(9).message).toEqual(bytes(9));
    }
  });

  it('takes a part of an array, and gives a message into a buffer', () => {
    for (const rules of ['as-built', 'documented'] as const) {
      const queue = new MessageQueue({ depth: 2, rules });
      const array = Uint8Array.of(1, 2, 3, 4, 5);
      const dropped = rules === 'documented' ? QueueError.ARGUMENT_SIZE : QueueError.OK;
      expect(queue.sendRange(array, 1, 1)).toBe(dropped);
      expect(queue.sendRange(new Uint8Array(250), 5, 246)).toBe(dropped);
      expect(queue.sendRange(array, 1, 3)).toBe(QueueError.OK);
      expect(queue.sendRange(array, 2, 5)).toBe(QueueError.OK);
      expect(queue.sendRange(array, 0, 1)).toBe(QueueError.FULL);
      const buffer = new Uint8Array(4);
      expect(queue.receiveInto(new Uint8Array(1))).toBe(0);
      expect(queue.receiveInto(buffer)).toBe(2);
      expect(buffer).toEqual(Uint8Array.of(2, 3, 0, 0));
      expect(queue.receive().message).toEqual(Uint8Array.of(3, 4, 5));
      expect(queue.receiveInto(buffer)).toBe(0);
    }
  });

  it('interrupts exactly at the thresholds, and at a push', () => {
    const queue = new MessageQueue({ depth: 3 });
    const seen: string[] = [];
    queue.onNotEmpty = () => seen.push(`in ${queue.count}`);
    queue.onNotFull = () => seen.push(`out ${queue.count}`);
    for (let count = 0; count < 3; count++) queue.send(bytes(1));
    for (let count = 0; count < 3; count++) queue.receive();
    expect(seen).toEqual(['in 1', 'out 2']);
    expect(queue.setNotEmptyThreshold(2)).toBe(QueueError.OK);
    expect(queue.setNotFullThreshold(0)).toBe(QueueError.OK);
    seen.length = 0;
    queue.send(bytes(1), true);
    queue.send(bytes(1));
    queue.receive();
    queue.receive();
    expect(seen).toEqual(['in 1', 'in 2', 'out 0']);
  });

  it('accepts thresholds as measured', () => {
    const queue = new MessageQueue({ depth: 8 });
    const results = (set: (threshold: number) => number) => [0, 1, 7, 8, 9, 1.5].map((value) => set(value));
    const [ok, bad] = [QueueError.OK, QueueError.ARGUMENT_INVALID];
    expect(results((value) => queue.setNotEmptyThreshold(value))).toEqual([bad, ok, ok, ok, bad, bad]);
    expect(results((value) => queue.setNotFullThreshold(value))).toEqual([ok, ok, ok, bad, bad, bad]);
  });

  it('refuses impossible depths', () => {
    for (const depth of [-1, 1.5, Number.NaN, 65536])
      expect(() => new MessageQueue({ depth })).toThrow(UsageError);
    expect(new MessageQueue({ depth: 0 }).send(bytes(1)).error).toBe(QueueError.FULL);
  });

  it('behaves like a bounded list', () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 240 }),
      fc.constant('take' as const),
      fc.constant('flush' as const),
    );
    holds(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 60 }), (depth, steps) => {
        const queue = new MessageQueue({ depth });
        let model: number[] = [];
        for (const action of steps) {
          if (action === 'flush') {
            queue.flush();
            model = [];
          } else if (action === 'take') expect(queue.receive().message?.byteLength).toBe(model.shift());
          else {
            expect(queue.send(bytes(action)).error).toBe(
              model.length < depth ? QueueError.OK : QueueError.FULL,
            );
            if (model.length < depth) model.push(action);
          }
          expect(queue.count).toBe(model.length);
        }
      }),
    );
  });
});
