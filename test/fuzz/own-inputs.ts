import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { writeFdt } from '../../src/devicetree/index.js';
import { Corpus } from '../../src/fuzz/corpus/corpus.js';
import { noEvidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { writeRecord } from '../../src/serve/index.js';
import { findingOf } from './finding.js';
import type { ownTargets } from './own.js';
import { recordedSessions } from './recorded-source.js';

/** Inputs longer than this are changed in places that matter too rarely. */
const SIZE_MAX = 1000;
const captures = join(import.meta.dirname, '../../captures');

/** What the inputs of each target are made from. */
export function ownInputs(): Readonly<Record<keyof typeof ownTargets, readonly Uint8Array[]>> {
  const corpus = new Corpus();
  for (const message of protocol.messages)
    for (const fixture of fixturesOf(protocol, message, noEvidence)) corpus.addFixture(fixture);
  const messages = corpus.files.map(({ content }) => content).filter(({ length }) => length <= SIZE_MAX);
  const sessions = recordedSessions().filter(({ length }) => length < 40);
  const text = (value: string) => new TextEncoder().encode(value);
  const crashers = readdirSync(join(captures, 'crashers')).filter((name) => name !== 'README.md');
  const trees = sessions.flat().flatMap((step) => (step.kind === 'load' ? [step.bytes] : []));
  return {
    reassembly: messages,
    decode: messages,
    annotate: messages,
    capture: [
      ...crashers.map((name) => readFileSync(join(captures, 'crashers', name))),
      ...sessions
        .slice(0, 40)
        .map((steps) =>
          text(
            steps
              .flatMap((step) => (step.kind === 'frame' ? [`3>255 ${formatHex(step.frame)}`] : []))
              .join('\n'),
          ),
        ),
      ...sessions
        .slice(0, 10)
        .map((steps) => pcapOf(steps.flatMap((step) => (step.kind === 'frame' ? [step.frame] : [])))),
    ],
    serve: messages.map((bytes) => writeRecord(3, 255, bytes)),
    devicetree: [
      ...trees,
      writeFdt({
        properties: [['a', Uint8Array.of(1)]],
        children: [['b', { properties: [], children: [] }]],
      }),
    ],
    finding: sessions.slice(0, 40).map((steps) => text(findingOf(steps))),
  };
}

/** A little-endian pcap of link type 147: direction, then source and destination as the project's captures have them. */
function pcapOf(frames: readonly Uint8Array[]): Uint8Array {
  const header = [0xa1b2c3d4, 0x00040002, 0, 0, 65535, 147];
  const size = frames.reduce((sum, frame) => sum + 16 + frame.length, header.length * 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of header.entries()) view.setUint32(index * 4, word, true);
  let at = header.length * 4;
  for (const frame of frames) {
    for (const [index, word] of [0, 0, frame.length, frame.length].entries())
      view.setUint32(at + index * 4, word, true);
    bytes.set(frame, at + 16);
    at += 16 + frame.length;
  }
  return bytes;
}
