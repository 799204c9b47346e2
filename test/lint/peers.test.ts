import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { CaptureLinter, type Finding } from '../../src/lint/index.js';

const captures = ['console-irq', 'malformed-framing', 'memory', 'vm-lifecycle', 'vm-second-boot'];

function findings(name: string, peers?: ReadonlySet<string>): Finding[] {
  const found: Finding[] = [];
  const linter = new CaptureLinter({
    peers,
    file: () => undefined,
    finding: (finding) => found.push(finding),
  });
  const reader = pcapngReader(
    (packet) => linter.packet(packet),
    () => {},
  );
  reader.push(gunzipSync(readFileSync(new URL(`../recorded/${name}.pcapng.gz`, import.meta.url))));
  reader.end();
  linter.end();
  return found;
}

/** What all findings say of some peers. */
function about(all: readonly Finding[], peers: ReadonlySet<string>): Finding[] {
  return all.flatMap((finding) => {
    const asked = finding.peers.filter((peer) => peers.has(peer));
    return asked.length === 0 ? [] : [{ ...finding, peers: asked }];
  });
}

/** The first part of a client's rule is the first client that was asked for. */
const short = ({ place, rule, peers, text, evidence }: Finding) => [
  place,
  rule.id.replace(/^.*\//, ''),
  peers,
  text,
  evidence,
];

// For the peers of a line, models that find nothing about them do not run.
for (const peers of [['rm23'], ['q61', 'a14'], ['q515', 'rm23'], ['v9']])
  test(`the findings of ${peers.join(' and ')} are those of all that are about them`, () => {
    const asked = new Set(peers);
    let count = 0;
    for (const name of captures) {
      const own = findings(name, asked);
      count += own.length;
      expect(own.map(short)).toEqual(about(findings(name), asked).map(short));
    }
    expect(count).toBeGreaterThan(0);
  });
