import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { fragment, fragmentCount, rmRules, sizesOf, writeFrame } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { holds } from '../seeded.js';
import { toy } from '../toy.js';
import { receiveAll } from './frames.js';

const message = { type: MessageType.request, seq: 0x1234, msg_id: 0x10000001 };
const payloadOfSize = (size: number) => Uint8Array.from({ length: size }, (_, index) => index * 7);

describe('fragment', () => {
  it.each([
    [0, [0]],
    [1, [1]],
    [232, [232]],
    [233, [232, 1]],
    [464, [232, 232]],
    [465, [232, 232, 1]],
    [14_384, new Array(62).fill(232)],
    [14_385, [...new Array(62).fill(232), 1]],
    [14_616, new Array(63).fill(232)],
  ])('cuts %d bytes', (size, sizes) => {
    const frames = fragment(toy, message, payloadOfSize(size));
    expect(frames.map((frame) => frame.length - 8)).toEqual(sizes);
    expect(sizesOf(toy, size)).toEqual(sizes);
    expect(fragmentCount(toy, size)).toBe(sizes.length - 1);
    // The count stays the same in all of them (rpc.md, "Fragmentation").
    const second = (sizes.length - 1) << 2;
    frames.forEach((frame, index) => {
      const header = [0x21, second | (index === 0 ? 1 : 0), 0x34, 0x12, 0x01, 0, 0, 0x10];
      expect([...frame.subarray(0, 8)]).toEqual(header);
    });
    const payload = formatHex(payloadOfSize(size));
    expect(receiveAll(frames, rmRules).at(-1)).toMatchObject({ kind: 'message', type: 'request', payload });
  });

  it.each([14_617, 20_000])('refuses %d bytes: that is misuse, not bytes from outside', (size) => {
    const run = () => fragment(toy, message, payloadOfSize(size));
    expect(run).toThrow(UsageError);
    expect(run).toThrow(`payload_size: expected 0..14616, actual ${size}`);
  });

  it('refuses what Linux refuses, when told its limit', () => {
    const limit = toy.limits.linux_max_request;
    expect(fragment(toy, message, payloadOfSize(14_384), limit)).toHaveLength(62);
    expect(() => fragment(toy, message, payloadOfSize(14_385), limit)).toThrow('0..14384');
  });

  it('gives back any payload', () => {
    const payloads = fc.nat({ max: 14_616 }).map(payloadOfSize);
    holds(
      fc.property(payloads, fc.constantFrom(1, 2, 3), fc.nat({ max: 0xffff }), (payload, type, seq) => {
        const frames = fragment(toy, { type, seq, msg_id: 0xffff_ffff }, payload);
        const events = receiveAll(frames, rmRules);
        expect(events).toHaveLength(frames.length);
        expect(events.at(-1)).toMatchObject({
          kind: 'message',
          seq,
          id: 0xffff_ffff,
          payload: formatHex(payload),
        });
        expect(frames.every((frame) => frame.length <= toy.limits.queue_message)).toBe(true);
      }),
      40,
    );
  });
});

describe('sizesOf', () => {
  it('fills up with empty queue messages when more are wanted than needed', () => {
    expect(sizesOf(toy, 240, 4)).toEqual([232, 8, 0, 0]);
  });
});

describe('writeFrame', () => {
  it('takes a part of the payload, and any header that the fields can hold', () => {
    const header = { type: 3, fragments: 63, seq: 0xffff, msg_id: 2 };
    const frame = writeFrame(toy, header, payloadOfSize(10), 4, 6);
    expect([...frame]).toEqual([0x21, 0xff, 0xff, 0xff, 2, 0, 0, 0, 28, 35]);
  });
});
