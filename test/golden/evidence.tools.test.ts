import { describe, expect, it } from 'vitest';
import { codecOf } from '../../src/codec/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { fixtures, recordedText } from './fixtures.js';
import { evidenceText, gatherEvidence, shapeOf, sightings } from './gather.js';

const all = sightings();

// All recordings are read for these.
describe('the golden fixtures', () => {
  it('are what the recordings say, and so is what is known about the others', () => {
    expect(recordedText).toBe(evidenceText(gatherEvidence(all)));
  });

  it('cover every shape of request, reply and notification in the recordings by recorded bytes', () => {
    const shapes = new Set(
      fixtures
        .filter(({ provenance }) => provenance === 'recorded' || provenance === 'client')
        .map(({ part, error, payload, frames }) => {
          const { message, type, layout } = part;
          const start = type === 'reply' ? 4 : 0;
          const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
          const value = codecOf(layout).decode(view, start, payload.length);
          const declared = payloadOf(message, MessageType[type], error);
          return `${shapeOf(message.id, type, error, declared, value)}${frames.length > 1 ? ' cut' : ''}`;
        }),
    );
    expect([...new Set(all.map(({ shape }) => shape))].filter((shape) => !shapes.has(shape))).toEqual([]);
    expect(shapes.size).toBeGreaterThan(400);
  });
});
