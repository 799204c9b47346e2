import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { Random } from '../../src/base/random.js';
import { copyOfPacket, type Packet } from '../../src/capture/packets/index.js';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { rulesByName } from '../../src/rpc/index.js';
import { withSeed } from '../seeded.js';

/** Recorded packets, of which some are lost, cut, or have a damaged header. */
function packets(random: Random): Packet[] {
  const all: Packet[] = [];
  const reader = pcapngReader(
    (packet) => {
      const draw = random.below(100);
      if (draw < 5 || all.length === 1500) return;
      const copy = copyOfPacket(packet);
      if (draw < 10) copy.data[random.below(Math.min(8, copy.end))] = random.below(256);
      if (draw === 10) copy.end = random.below(copy.end);
      all.push(copy);
    },
    () => {},
  );
  reader.push(gunzipSync(readFileSync(new URL('../recorded/everything.pcapng.gz', import.meta.url))));
  return all;
}

test.each(Object.values(rulesByName))(
  'without records an assembler comes to the same state: $name',
  (rules) =>
    withSeed(1722, (seed) => {
      let unanswered = 0;
      const options = { protocol, rules, reuses: true, unanswered: () => void unanswered++ };
      const following = new Assembler(options);
      const whole = new Assembler({ ...options, record: () => {} });
      let held = 0;
      for (const [at, packet] of packets(new Random(seed)).entries()) {
        following.packet(packet);
        whole.packet(packet);
        if (at % 97 !== 0) continue;
        const { state } = following;
        held += state.waiting.length;
        expect(state).toEqual(whole.state);
      }
      expect(held).toBeGreaterThan(0);
      expect(unanswered).toBeGreaterThan(0);
      following.end();
      whole.end();
      expect(unanswered % 2).toBe(0);
    }),
);
