import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { Random } from '../../src/base/random.js';
import {
  filterNames,
  parseFilter,
  parseTerms,
  RecordFilter,
  recordFields,
} from '../../src/capture/filter/index.js';
import { copyOfPacket, type Packet } from '../../src/capture/packets/index.js';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { rmRules } from '../../src/rpc/index.js';
import { withSeed } from '../seeded.js';

const texts = [
  'name == "VM_START"',
  'name == "VM_START" and error != OK',
  'type == reply and (id == 0x56000004 or not name)',
  'not (name contains MEM) and latency_ns > 1',
  'name == VM_STATUS or type == notification or from == 3',
  'name and not type == request',
  'request',
];

/** Recorded packets, of which some have a damaged header. */
function packets(random: Random): Packet[] {
  const all: Packet[] = [];
  const reader = pcapngReader(
    (packet) => {
      if (all.length === 1500) return;
      const copy = copyOfPacket(packet);
      if (random.below(10) === 0) copy.data[random.below(Math.min(8, copy.end))] = random.below(256);
      all.push(copy);
    },
    () => {},
  );
  reader.push(gunzipSync(readFileSync(new URL('../recorded/everything.pcapng.gz', import.meta.url))));
  return all;
}

test.each(texts)('what is only followed would not have matched: %s', (text) =>
  withSeed(2211, (seed) => {
    const names = filterNames(protocol, false);
    const plain = parseFilter(text, names);
    const filter = new RecordFilter(protocol, parseTerms(text, names));
    const found: unknown[] = [];
    const expected: unknown[] = [];
    const all = new Assembler({
      protocol,
      rules: rmRules,
      record: (record) => {
        const { no, request, latencyNs, duplicateOf } = record;
        if (plain(recordFields(protocol, record))) expected.push([no, request, latencyNs, duplicateOf]);
      },
    });
    const wanted = new Assembler({
      protocol,
      rules: rmRules,
      reuses: true,
      wants: (type, id) => filter.mayMatch(type, id),
      record: (record) => {
        const { no, request, latencyNs, duplicateOf } = record;
        if (filter.matches(record)) found.push([no, request, latencyNs, duplicateOf]);
      },
    });
    for (const packet of packets(new Random(seed))) {
      all.packet(packet);
      wanted.packet(packet);
    }
    all.end();
    wanted.end();
    expect(found).toEqual(expected);
    expect(found.length).toBeGreaterThan(0);
  }),
);
