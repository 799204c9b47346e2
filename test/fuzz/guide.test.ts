import { describe, expect, it } from 'vitest';
import { limits, MEM_SHARE, protocol } from '../../schemas/index.js';
import { viewOf } from '../../src/base/bytes.js';
import { Random } from '../../src/base/random.js';
import { codecOf } from '../../src/codec/index.js';
import { Comparisons } from '../../src/fuzz/guide/comparisons.js';
import { changeLength } from '../../src/fuzz/guide/message-mutations.js';
import { mutateSession, type Session } from '../../src/fuzz/guide/session-mutations.js';
import { Trimming } from '../../src/fuzz/guide/trimming.js';
import { bind } from '../../src/fuzz/play/id-binding.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { emptyResponse, SimTarget, type Step } from '../../src/target/index.js';
import type { StructType } from '../../src/wire/index.js';
import { withSeed } from '../seeded.js';
import { recordedSessions } from './recorded-source.js';

const frameOf = (step: Step) => (step.kind === 'frame' ? step.frame : undefined);

function boundSessions(): Session[] {
  const target = new SimTarget();
  return recordedSessions()
    .slice(0, 20)
    .filter(({ length }) => length > 0)
    .map((steps) => {
      target.reset();
      return bind(
        steps,
        steps.map((step) => target.put(step)),
      );
    });
}

describe('sessions made from seeds', () => {
  it('are never empty, and have queue messages of a size that a queue takes, or that of a step before', () => {
    withSeed(3, (seed) => {
      const random = new Random(seed, 'test');
      const sessions = boundSessions();
      const known = new Set(sessions.flat().map(({ step }) => frameOf(step)?.length));
      const other = () => sessions[random.below(sessions.length)] as Session;
      const request = () => other().slice(0, 1);
      const comparisons = new Comparisons();
      for (const { step } of sessions.flat()) comparisons.add(step, [7, 1, 0x4d444d50, -1]);
      for (let count = 0; count < 200; count++) {
        const made = mutateSession(other(), { random, other, request, comparisons });
        expect(made.length).toBeGreaterThan(0);
        const sizes = made.map(({ step }) => frameOf(step)?.length ?? 0);
        expect(sizes.filter((size) => size > limits.queue_message && !known.has(size))).toEqual([]);
      }
    });
  });
});

describe('a list or a text of another length', () => {
  it('leaves a message that still decodes to the last byte', () => {
    withSeed(4, (seed) => {
      const random = new Random(seed, 'test');
      const layout = payloadOf(MEM_SHARE, MessageType.request) as StructType;
      const [frame] = encodeMessage(protocol, MEM_SHARE, 'request', {
        seq: 1,
        payload: {
          mem_type: 0,
          flags: 0,
          label: 1,
          acl_entries: [
            { vmid: 3, rights: 4 },
            { vmid: 128, rights: 4 },
          ],
          sgl_entries: [{ ipa: 0x80000000n, size: 4096n }],
        } as never,
      });
      const vmids = new Set<number>();
      for (let count = 0; count < 400; count++) {
        const [changed, ...more] = changeLength(frame as Uint8Array, random) ?? [];
        if (changed === undefined || more.length > 0) continue;
        const value = codecOf(layout).tryDecode(viewOf(changed), limits.header, changed.length);
        expect(value).toBeDefined();
        const { attr_entries = [] } = value as {
          readonly attr_entries?: readonly { readonly vmid: number }[];
        };
        for (const { vmid } of attr_entries) vmids.add(vmid);
      }
      // New entries name VMs that the message has elsewhere.
      expect([...vmids].toSorted()).toEqual([128, 3]);
    });
  });
});

describe('a seed is made shorter', () => {
  const session = Array.from({ length: 100 }, (_, number) => ({
    step: { kind: 'frame', from: 3, frame: Uint8Array.of(number) } as Step,
    number,
    uses: [],
  }));
  const needed = [5, 42, 99];

  it('to the steps that reach its code, in few plays', () => {
    const trimming = new Trimming(session, [7]);
    let plays = 0;
    for (; !trimming.isDone; plays++) {
      const trial = trimming.trial();
      const reaches = needed.every((number) => trial.some((bound) => bound.number === number));
      trimming.played(trial.map(() => (reaches ? { ...emptyResponse, edges: [7] } : emptyResponse)));
    }
    expect(trimming.session.map(({ number }) => number)).toEqual(needed);
    expect(plays).toBeLessThan(60);
  });

  it('but not to a session at which the target ends', () => {
    const ended = { kind: 'crash', text: 'abort' } as const;
    const trimming = new Trimming(session, [7]);
    trimming.played(trimming.trial().map(() => emptyResponse));
    const trial = trimming.trial();
    const last = trial.length - 1;
    trimming.played(
      trial.map((_, at) => (at < last ? { ...emptyResponse, edges: [7] } : { ...emptyResponse, ended })),
    );
    expect(trimming.session).toEqual(session);
  });

  it('and stays as it is where all of it is needed', () => {
    const trimming = new Trimming(session, [7]);
    while (!trimming.isDone) trimming.played(trimming.trial().map(() => emptyResponse));
    expect(trimming.session).toEqual(session);
  });
});
