import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reassembler, rmRules, rulesByName, rulesOf } from '../../src/rpc/index.js';
import type { MessageType } from '../../src/schema/index.js';
import { holds } from '../seeded.js';
import { toy } from '../toy.js';
import { frameOf, Recorder, receiveAll, type Spec, textOf } from './frames.js';

const request = (payload: string, spec?: Spec) => frameOf('request', payload, spec);
const reply = (payload: string, spec?: Spec) => frameOf('reply', payload, spec);
const note = (payload: string, spec?: Spec) =>
  frameOf('notification', payload, { seq: 9, id: 0x18, ...spec });
const more = (payload: string, spec?: Spec) => frameOf('continuation', payload, { more: 1, ...spec });
const raw = (bytes: readonly number[]) => new Uint8Array(bytes);

interface Row {
  readonly name: string;
  readonly frames: readonly Uint8Array[];
  /** What happens by RM's rules, by those of a14, v17 and a15, and by q515's. */
  readonly rm: readonly string[];
  readonly mainline: readonly string[];
  readonly q515: readonly string[];
}

/** The same for all. */
const all = (...events: string[]) => ({ rm: events, mainline: events, q515: events });
const clients = (...events: string[]) => ({ mainline: events, q515: events });
const begun = reply('61', { more: 1 });
const partial = 'part reply';

/** Only the reply with seq 1 and id 0x17 is waited for. Sources: rpc.md "What a receiver does", client.md section 2. */
const rows: readonly Row[] = [
  { name: 'no continuations: delivered at once', frames: [reply('6162')], ...all('message reply 6162') },
  { name: 'no payload', frames: [note('')], ...all('message notification') },
  { name: 'no bytes', frames: [raw([])], ...all('malformed short') },
  { name: 'seven bytes', frames: [raw([0x21, 2, 0, 0, 0, 0, 0])], ...all('malformed short') },
  { name: 'another version', frames: [raw([0x22, 2, 0, 0, 0, 0, 0, 0])], ...all('malformed api') },
  { name: 'another header length', frames: [raw([0x31, 2, 0, 0, 0, 0, 0, 0])], ...all('malformed api') },
  {
    name: '63 continuations announced',
    frames: [raw([0x21, 0xfe, 0, 0, 0, 0, 0, 0])],
    ...all('malformed fragments'),
  },
  {
    name: 'complete when as many continuations as announced have come, in order',
    frames: [reply('61', { more: 2 }), more('62', { more: 2 }), more('6364', { more: 2 })],
    ...all(partial, 'part continuation', 'message reply 61626364'),
  },
  {
    name: 'a further continuation',
    frames: [begun, more('62'), more('63')],
    ...all(partial, 'message reply 6162', 'stray continuation'),
  },
  { name: 'a continuation with nothing in progress', frames: [more('62')], ...all('stray continuation') },
  {
    name: 'nothing in the first one',
    frames: [reply('', { more: 1 }), more('62')],
    ...all(partial, 'message reply 62'),
  },
  {
    name: 'an empty continuation',
    frames: [reply('61', { more: 2 }), more('', { more: 2 }), more('62', { more: 2 })],
    rm: [partial, 'part continuation', 'message reply 6162'],
    mainline: [partial, 'part continuation', 'message reply 6162'],
    q515: [partial, 'part continuation', 'part continuation', 'abandoned reply 6162'],
  },
  {
    name: 'a continuation with another id',
    frames: [begun, more('62', { id: 0x99 }), more('63')],
    rm: [partial, 'stray continuation', 'message reply 6163'],
    mainline: [partial, 'abandoned reply 61', 'stray continuation', 'stray continuation'],
    q515: [partial, 'message reply 6162', 'stray continuation'],
  },
  {
    name: 'a continuation with another number of continuations',
    frames: [begun, more('62', { more: 2 }), more('63')],
    rm: [partial, 'stray continuation', 'message reply 6163'],
    mainline: [partial, 'abandoned reply 61', 'stray continuation', 'stray continuation'],
    q515: [partial, 'stray continuation', 'message reply 6163'],
  },
  {
    name: 'a continuation with another seq',
    frames: [begun, more('62', { seq: 7 }), more('63')],
    rm: [partial, 'stray continuation', 'message reply 6163'],
    ...clients(partial, 'message reply 6162', 'stray continuation'),
  },
  {
    name: 'a notification inside',
    frames: [begun, note('6e'), more('62')],
    ...all(partial, 'abandoned reply 61', 'message notification 6e', 'stray continuation'),
  },
  {
    name: 'the beginning of a notification inside',
    frames: [begun, note('6e', { more: 1 }), more('6f', { seq: 9, id: 0x18 })],
    ...all(partial, 'abandoned reply 61', 'part notification', 'message notification 6e6f'),
  },
  {
    name: 'the same reply again inside',
    frames: [begun, begun, more('62')],
    ...all(partial, 'abandoned reply 61', partial, 'message reply 6162'),
  },
  {
    name: 'a whole reply inside that nobody waits for',
    frames: [begun, reply('58', { seq: 3 }), more('62')],
    rm: [partial, 'abandoned reply 61', 'message reply 58', 'stray continuation'],
    ...clients(partial, 'message reply 58', 'message reply 6162'),
  },
  {
    name: 'a reply inside whose id is not the one asked',
    frames: [begun, reply('58', { id: 0x99 }), more('62')],
    rm: [partial, 'abandoned reply 61', 'message reply 58', 'stray continuation'],
    ...clients(partial, 'message reply 58', 'message reply 6162'),
  },
  {
    name: 'the beginning of a reply inside that nobody waits for',
    frames: [begun, reply('58', { seq: 3, more: 1 }), more('62')],
    rm: [partial, 'abandoned reply 61', partial, 'stray continuation', 'abandoned reply 58'],
    ...clients(partial, 'stray reply', 'message reply 6162'),
  },
  {
    name: 'a request inside',
    frames: [begun, request('71', { seq: 4 }), more('62')],
    rm: [partial, 'abandoned reply 61', 'message request 71', 'stray continuation'],
    ...clients(partial, 'message request 71', 'message reply 6162'),
  },
  {
    name: 'the beginning of a request, and its continuation',
    frames: [request('71', { more: 1 }), more('72')],
    rm: ['part request', 'message request 7172'],
    ...clients('stray request', 'stray continuation'),
  },
  {
    name: 'malformed ones inside',
    frames: [begun, raw([0x21, 3]), raw([0x31, 3, 9, 0, 8, 0, 0x10, 0x56, 0]), more('62')],
    ...all(partial, 'malformed short', 'malformed api', 'message reply 6162'),
  },
  { name: 'the end', frames: [begun], ...all(partial, 'abandoned reply 61') },
];

const ruleSets = [
  ['rm', 'rm'],
  ['a14', 'mainline'],
  ['v17', 'mainline'],
  ['a15', 'mainline'],
  ['q515', 'q515'],
] as const;

describe.each(ruleSets)('by the rules of %s', (name, column) => {
  const expects = (seq: number, id: number) => seq === 1 && id === 0x17;

  it.each(rows)('$name', (row) => {
    expect(receiveAll(row.frames, rulesOf(name), expects).map(textOf)).toEqual(row[column]);
  });
});

it('has rules for every name of the table, and says which when asked for others', () => {
  expect(ruleSets.map(([name]) => name)).toEqual(Object.keys(rulesByName));
  expect(() => rulesOf('toString')).toThrow('rules: expected rm, a14, v17, a15, q515, actual toString');
});

/** Frames of few kinds, so that they fit together now and then. */
const anyFrame = fc.oneof(
  { weight: 8, arbitrary: fittingFrames() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 8, maxLength: 300 }) },
);

function fittingFrames(): fc.Arbitrary<Uint8Array> {
  const type = fc.constantFrom('continuation', 'continuation', 'request', 'reply', 'notification');
  const payload = fc.constantFrom('', '61', '6263', '64'.repeat(232));
  const spec = fc.record({
    seq: fc.constantFrom(1, 1, 1, 2),
    id: fc.constantFrom(0x17, 0x17, 0x17, 0x18),
    more: fc.constantFrom(0, 1, 1, 2),
  });
  return fc.tuple(type, payload, spec).map(([t, p, s]) => frameOf(t as keyof typeof MessageType, p, s));
}

describe.each(Object.keys(rulesByName))('any frames, by the rules of %s', (name) => {
  const rules = rulesOf(name);
  const expects = (seq: number) => seq === 1;

  it('end each in exactly one of message, part, stray and malformed', () => {
    holds(
      fc.property(fc.array(anyFrame, { maxLength: 30 }), (frames) => {
        const events = receiveAll(frames, rules, expects);
        const ends = events.filter(({ kind }) => kind !== 'abandoned');
        expect(ends).toHaveLength(frames.length);
        // Every message that began ended: as a message or abandoned.
        const begins = events.filter(({ kind, type }) => kind === 'part' && type !== 'continuation').length;
        const whole = events.filter(({ kind }) => kind === 'message').length;
        const single = frames.filter((frame, index) => {
          const first =
            frame.length >= 8 && (frame[1] as number) >>> 2 === 0 && ((frame[1] as number) & 3) !== 0;
          return first && ends[index]?.kind === 'message';
        }).length;
        expect(events.length - ends.length + whole - single).toBe(begins);
      }),
      200,
    );
  });

  it('give the same from one buffer as from many, and beside those of other VMs', () => {
    const sent = fc.array(fc.tuple(fc.nat({ max: 2 }), anyFrame), { maxLength: 40 });
    holds(
      fc.property(sent, (frames) => {
        const recorders = [new Recorder(), new Recorder(), new Recorder()];
        const receivers = recorders.map((recorder) => new Reassembler(toy, recorder, rules, expects));
        const buffer = new Uint8Array(frames.reduce((sum, [, frame]) => sum + frame.length, 5));
        const view = new DataView(buffer.buffer, 5);
        let at = 0;
        for (const [vm, frame] of frames) {
          buffer.set(frame, 5 + at);
          receivers[vm]?.receive(view, at, at + frame.length);
          at += frame.length;
        }
        receivers.forEach((receiver, vm) => {
          receiver.abandon();
          const own = frames.filter(([from]) => from === vm).map(([, frame]) => frame);
          expect(recorders[vm]?.events).toEqual(receiveAll(own, rules, expects));
        });
      }),
      100,
    );
  });
});

it('takes queue messages that are longer than a queue could carry', () => {
  const long = '61'.repeat(20_000);
  const frames = [frameOf('request', long, { more: 1 }), frameOf('continuation', long, { more: 1 })];
  expect(receiveAll(frames, rmRules).map(({ kind, payload }) => [kind, payload?.length])).toEqual([
    ['part', undefined],
    ['message', 80_000],
  ]);
});

it('reports header and seq of the first queue message with the whole', () => {
  const frames = [reply('61', { more: 1, seq: 1 }), more('62', { seq: 5 })];
  expect(receiveAll(frames, rulesOf('a15')).at(-1)).toEqual({
    kind: 'message',
    type: 'reply',
    seq: 1,
    id: 0x17,
    payload: '6162',
  });
});

it('can be given up when nothing is in progress', () => {
  const recorder = new Recorder();
  new Reassembler(toy, recorder).abandon();
  expect(recorder.events).toEqual([]);
});
