import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { copyOfPacket, type Packet } from '../../src/capture/packets/index.js';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { isProblem, Summary } from '../../src/capture/print/index.js';
import {
  Assembler,
  type AssemblerOptions,
  type CaptureRecord,
  type Outstanding,
  placeOfType,
  type RecordType,
} from '../../src/capture/records/index.js';
import { rulesOf } from '../../src/rpc/index.js';
import { messageTypeNames } from '../../src/schema/index.js';
import { Random } from '../random.js';
import { recorded } from '../recorded.js';
import { withSeed } from '../seeded.js';
import { play } from './mutated-packets.js';

/** Recorded packets, of which some have a damaged header, are lost, come twice, or are of other VMs or times. */
function damaged(random: Random): Packet[] {
  const all: Packet[] = [];
  const reader = pcapngReader(
    (packet) => {
      if (all.length >= 1200 || random.below(15) === 0) return;
      const copy = copyOfPacket(packet);
      const isSame = random.below(3) > 0;
      if (!isSame && copy.end > 0) copy.data[random.below(Math.min(16, copy.end))] = random.below(256);
      if (random.below(20) === 0) copy.to = 3 + random.below(300);
      if (random.below(20) === 0) copy.from = undefined;
      if (random.below(20) === 0) copy.time = undefined;
      all.push(copy);
      if (random.below(20) === 0) all.push(copyOfPacket(copy));
    },
    () => {},
  );
  reader.push(recorded('everything.pcapng'));
  return all;
}

/** Packets with other messages, comments, clocks, gaps and queues. */
function mutated(random: Random): Packet[] {
  const all: Packet[] = [];
  play((packet) => all.push(copyOfPacket(packet)), random.below(2 ** 31), 1200);
  return all;
}

type Event = readonly unknown[];

const eventOf = ({ no, type, id, error, request, latencyNs }: CaptureRecord): Event => [
  'record',
  no,
  type,
  id,
  error || 0,
  request || 0,
  latencyNs ?? Number.NaN,
];
const lostOf = ({ no, id, seq, from, to, frame, time }: Outstanding): Event => [
  'lost',
  no,
  id,
  seq,
  from,
  to,
  frame,
  time,
];

/** What an assembler tells of packets, in order. Every few hundred packets it goes on from the state of the one before. */
function eventsOf(
  packets: readonly Packet[],
  options: Partial<AssemblerOptions>,
  onEvent: (event: Event) => void,
) {
  const make = () =>
    new Assembler({
      protocol,
      rules: rulesOf('rm'),
      reuses: true,
      unanswered: (request) => onEvent(lostOf(request)),
      ...options,
    });
  let assembler = make();
  for (const [index, packet] of packets.entries()) {
    if (index % 389 === 388) {
      const { state } = assembler;
      assembler = make();
      assembler.load(state);
    }
    if (index === 700) assembler.forgetRequests();
    assembler.packet(packet);
  }
  assembler.end();
}

const limits = { partBytes: 20_000, requests: 20, streams: 6 };

describe.each([
  ['recorded and damaged', damaged, 7301],
  ['mutated', mutated, 7302],
] as const)('plain messages, %s', (_name, packetsOf, ownSeed) => {
  const rules = (['rm', 'a14', 'v17'] as const).map(rulesOf);

  it.each(rules)('are counted as their records', (own) =>
    withSeed(ownSeed, (seed) => {
      const packets = packetsOf(new Random(seed));
      const expected: Event[] = [];
      const found: Event[] = [];
      eventsOf(packets, { rules: own, limits, record: (record) => expected.push(eventOf(record)) }, (event) =>
        expected.push(event),
      );
      let plain = 0;
      eventsOf(
        packets,
        {
          rules: own,
          limits,
          record: (record) => found.push(eventOf(record)),
          plain: (no, { id }, type, error = 0, request = 0, latencyNs = Number.NaN) => {
            plain++;
            found.push(['record', no, messageTypeNames[type], id, error, request, latencyNs]);
          },
        },
        (event) => found.push(event),
      );
      expect(found).toEqual(expected);
      expect(plain).toBeGreaterThan(packets.length / 8);
    }),
  );

  it('are followed as their records', () =>
    withSeed(ownSeed + 10, (seed) => {
      const random = new Random(seed);
      const packets = packetsOf(random);
      const wants = (type: RecordType, id = 7) => (id + placeOfType(type)) % 3 === 0;
      const all: { readonly event: Event; readonly isProblem: boolean }[] = [];
      eventsOf(
        packets,
        {
          limits,
          record: (record) => {
            all.push({ event: eventOf(record), isProblem: isProblem(record) });
          },
        },
        (event) => all.push({ event, isProblem: false }),
      );
      for (const wantsProblems of [true, false]) {
        const found = new Map<unknown, Event>();
        const lost: Event[] = [];
        eventsOf(
          packets,
          {
            limits,
            wants,
            wantsProblems: () => wantsProblems,
            record: (record) => found.set(record.no, eventOf(record)),
          },
          (event) => lost.push(event),
        );
        expect(lost).toEqual(all.map(({ event }) => event).filter(([what]) => what === 'lost'));
        for (const { event, isProblem: isBroken } of all) {
          const [what, no, type, id] = event;
          if (what === 'lost') continue;
          const isWanted = wants(type as RecordType, id as number) || (wantsProblems && isBroken);
          if (isWanted || found.has(no)) expect(found.get(no)).toEqual(event);
        }
        expect(found.size).toBeLessThan(all.length);
      }
      // Without records there are the same unanswered requests.
      const lost: Event[] = [];
      eventsOf(packets, { limits }, (event) => lost.push(event));
      expect(lost).toEqual(all.map(({ event }) => event).filter(([what]) => what === 'lost'));
    }));

  it('are summed up as their records', () =>
    withSeed(ownSeed + 20, (seed) => {
      const packets = packetsOf(new Random(seed));
      const summaryOf = (isPlain: boolean) => {
        const summary = new Summary(protocol);
        const assembler = new Assembler({
          protocol,
          rules: rulesOf('rm'),
          limits,
          reuses: true,
          record: (record) => summary.record(record),
          ...(isPlain && { plain: (...message) => summary.plain(...message) }),
          unanswered: (request) => summary.lost(request),
        });
        for (const packet of packets) assembler.packet(packet);
        assembler.end();
        return [summary.toJson(), summary.toText()];
      };
      expect(summaryOf(true)).toEqual(summaryOf(false));
    }));
});
