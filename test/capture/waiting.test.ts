import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protocol, VM_GET_STATE, VM_QUERY_HEAP_MEMORY, VM_START } from '../../schemas/index.js';
import { Assembler, type UnansweredRequest } from '../../src/capture/records/index.js';
import { holdLimits } from '../../src/capture/records/limits.js';
import { rmRules } from '../../src/rpc/index.js';
import { holds } from '../seeded.js';
import { frame, packetOf } from './capture.js';

const messages = [VM_START, VM_GET_STATE, VM_QUERY_HEAP_MEMORY] as const;
const WAITING_MAX = 5;

interface Act {
  readonly act: 'request' | 'reply' | 'boot';
  readonly vm: number;
  readonly seq: number;
  readonly id: number;
}

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.record({
    act: fc.constantFrom('request', 'request', 'request', 'reply', 'reply', 'boot'),
    vm: fc.constantFrom(3, 128, 129),
    seq: fc.nat(3),
    id: fc.constantFrom(...messages.map(({ id }) => id)),
  }),
  { maxLength: 120 },
);

type Matched = readonly [
  request: number | undefined,
  latencyNs: number | undefined,
  duplicateOf: number | undefined,
];

/** What should be: a list of requests, oldest first, none of which is ever used again. */
function modelOf(list: readonly Act[]): { lost: UnansweredRequest[]; matched: Matched[] } {
  let waiting: UnansweredRequest[] = [];
  const lost: UnansweredRequest[] = [];
  const matched: Matched[] = [];
  const giveUp = (all: readonly UnansweredRequest[]) => {
    lost.push(...all);
    waiting = waiting.filter((one) => !all.includes(one));
  };
  for (const [index, { act, vm, seq, id }] of list.entries()) {
    const no = matched.length + 1;
    const time = BigInt(index + 1) * 1_000n;
    const same = waiting.find((one) => one.from === vm && one.seq === seq);
    if (act === 'boot') giveUp(waiting);
    else if (act === 'reply') {
      const asked = same?.id === id ? same : undefined;
      waiting = waiting.filter((one) => one !== asked);
      matched.push([asked?.no, asked && Number(time - (asked.time as bigint)), undefined]);
    } else if (same?.id === id) matched.push([undefined, undefined, same.no]);
    else {
      if (same !== undefined) giveUp([same]);
      const name = protocol.byId.get(id)?.name ?? '';
      waiting.push({ no, id, name, seq, from: vm, to: 255, frame: index + 1, time });
      if (waiting.length > WAITING_MAX) giveUp(waiting.slice(0, 1));
      matched.push([undefined, undefined, undefined]);
    }
  }
  giveUp(waiting);
  return { lost, matched };
}

it.each([false, true])(
  'requests are matched and lost as if none took the place of another (reuses: %s)',
  (reuses) => {
    holds(
      fc.property(acts, fc.nat(120), (list, cut) => {
        const lost: UnansweredRequest[] = [];
        const matched: Matched[] = [];
        const newAssembler = () =>
          new Assembler({
            protocol,
            rules: rmRules,
            reuses,
            limits: { ...holdLimits, requests: WAITING_MAX },
            record: ({ request, latencyNs, duplicateOf }) => matched.push([request, latencyNs, duplicateOf]),
            unanswered: ({ no, id, name, seq, from, to, frame, time }) =>
              lost.push({ no, id, name, seq, from, to, frame, time }),
          });
        let assembler = newAssembler();
        for (const [index, { act, vm, seq, id }] of list.entries()) {
          // Another assembler goes on, as threads do.
          if (index === cut) {
            const { state } = assembler;
            assembler = newAssembler();
            assembler.load(state);
          }
          if (act === 'boot') assembler.forgetRequests();
          else if (act === 'reply')
            assembler.packet(packetOf(index + 1, 255, vm, frame(2, 0, seq, id, '00000000')));
          else assembler.packet(packetOf(index + 1, vm, 255, frame(1, 0, seq, id, '8000000001000000')));
        }
        assembler.end();
        expect({ lost, matched }).toEqual(modelOf(list));
      }),
      300,
    );
  },
);
