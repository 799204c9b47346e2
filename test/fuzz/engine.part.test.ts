import { beforeAll, describe, expect, it } from 'vitest';
import { limits, protocol } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { Coverage } from '../../src/fuzz/engine/coverage.js';
import { type Engine, GOALS_MAX } from '../../src/fuzz/engine/engine.js';
import { MessageShapes } from '../../src/fuzz/message/message-shapes.js';
import { mutationGoals } from '../../src/fuzz/mutation/mutation-goals.js';
import { Reassembler } from '../../src/rpc/index.js';
import { payloadOf } from '../../src/schema/index.js';
import type { Step } from '../../src/target/index.js';
import { budget, isWhole } from '../part.js';
import { expectEqual } from '../same.js';
import { seedOf } from '../seeded.js';
import { newEngine, run } from './run.js';

const MESSAGES = 10_000;
const CASES = budget(40);

describe(`a run from nothing, seed ${seedOf(3)}`, () => {
  let engine: Engine;
  const seed = seedOf(3);
  const cases: number[] = [];
  let inSerial: Step[] = [];

  beforeAll(() => {
    engine = newEngine({ seed });
    let steps: Step[] = [];
    run(engine, MESSAGES, {
      began: () => {
        cases.push(engine.case);
        if (cases.length === 8) inSerial = steps;
        steps = [];
      },
      took: (step) => {
        steps.push(step);
        return false;
      },
    });
  });

  it('has cases that each can be had alone', () => {
    const number = cases[6] as number;
    const alone: Step[] = [];
    run(newEngine({ seed, case: number }), MESSAGES, {
      took: (step) => {
        alone.push(step);
        return false;
      },
    });
    expect(alone).toEqual(inSerial);
  });

  it('goes on from what was saved', () => {
    const { coverage, serial } = engine;
    const goals = mutationGoals(coverage.shapes);
    const copy = new Coverage(coverage.shapes, goals);
    copy.load(JSON.parse(JSON.stringify(coverage.save())));
    expect(copy.save()).toEqual(coverage.save());
    const next = newEngine({ seed, serial });
    next.coverage.load(coverage.save());
    engine.endCase();
    expect([engine.next(), next.next()]).toEqual(['reset', 'reset']);
    expect(next.case).toBe(engine.case);
  });
});

it('numbers goals so that they fit into case numbers', () => {
  expect(mutationGoals(new MessageShapes(protocol)).length).toBeLessThan(GOALS_MAX);
});

describe(`cases without goals, seed ${seedOf(5)}`, () => {
  it('send requests that are what the schemas declare, and VMs come to run', () => {
    const started = new Map<string, number>();
    const check = new Reassembler(protocol, {
      message: ({ type, msg_id }, view, start, end) => {
        const layout = payloadOf(protocol.byId.get(msg_id), type);
        if (layout === undefined) return;
        const value = codecOf(layout).decode(view, start, end);
        expectEqual(
          codecOf(layout).toBytes(value),
          new Uint8Array(view.buffer, view.byteOffset + start, end - start),
        );
      },
      part: () => {},
      abandoned: () => expect.unreachable(),
      stray: () => expect.unreachable(),
      malformed: () => expect.unreachable(),
    });
    for (let serial = 1; serial <= CASES; serial++) {
      const engine = newEngine({ seed: seedOf(5), case: serial * GOALS_MAX });
      run(engine, 1000, {
        took: (step) => {
          if (step.kind !== 'frame' || step.frame.length > limits.queue_message) return false;
          const bytes = step.frame.slice();
          check.receive(new DataView(bytes.buffer), 0, bytes.length);
          return false;
        },
      });
      for (const { message, error, count } of engine.coverage.pairs())
        started.set(`${message} ${error}`, (started.get(`${message} ${error}`) ?? 0) + count);
    }
    const many = (pair: string) => started.get(pair) ?? 0;
    expect(many('VM_START OK')).toBeGreaterThan(CASES);
    expect(many('MEM_ACCEPT OK')).toBeGreaterThan(CASES);
    expect(many('VM_IRQ_ACCEPT OK')).toBeGreaterThan(CASES / 4);
    expect(many('VM_RESET OK')).toBeGreaterThan(CASES / 2);
    expect(many('VM_START OK')).toBeGreaterThan(many('VM_START NORESOURCE'));
    expect([...started.keys()].filter((pair) => pair.endsWith(' MSG_INVALID'))).toEqual([]);
  });
});

it(`mutates only the messages that it is told to, seed ${seedOf(2)}`, () => {
  const engine = newEngine({
    seed: seedOf(2),
    messages: new Set([protocol.byName.get('MEM_SHARE')?.id as number]),
  });
  run(engine, budget(20_000));
  const tried = [...engine.coverage.fields()].filter(({ count }) => count > 0);
  expect(new Set(tried.map(({ message }) => message))).toEqual(new Set(['MEM_SHARE']));
  expect(tried.length).toBeGreaterThan(isWhole ? 30 : 5);
});
