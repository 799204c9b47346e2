import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { collect } from './collect.js';

const REQUEST = '210104000400005680000000';
const REPLY = '210204000400005600000000';
const bytes = (hex: string) => [...Buffer.from(hex, 'hex')];
const pairs = (hex: string) => (hex.match(/../g) as string[]).join(' ');

function read(text: string) {
  const make = (...sinks: Parameters<Parameters<typeof collect>[0]>) =>
    new CaptureInput(protocol, undefined, ...sinks);
  const { packets, error } = collect(make, new TextEncoder().encode(text));
  return { hexes: packets.map(({ hex }) => hex), error: error?.message };
}

const lines = (...objects: readonly object[]) =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('');
const both = { hexes: [REQUEST, REPLY], error: undefined };

describe('objects of JSON of other programs', () => {
  const objects = [
    { t: 0.5, dir: 'tx', data: REQUEST },
    { t: 0.75, dir: 'rx', data: REPLY, length: 12 },
  ];

  it('hold messages as hex, whatever stands behind it', () => {
    expect(read(lines(...objects))).toEqual(both);
  });

  it('may have keys of ours beside their own', () => {
    const named = objects.map(({ data, ...rest }) => ({ from: 3, to: 255, ...rest, data: pairs(data) }));
    expect(read(lines(...named))).toEqual(both);
  });

  it('may come behind others without a message', () => {
    expect(read(lines({ event: 'open' }, ...objects))).toEqual(both);
  });

  it('may stand in a list, on one line or on many', () => {
    expect(read(JSON.stringify(objects))).toEqual(both);
    expect(read(JSON.stringify(objects, undefined, 2))).toEqual(both);
  });

  it('may hold lists of hex, numbers or base64', () => {
    expect(read(lines(...objects.map(({ data }) => ({ raw_data: [data, 8, 12] }))))).toEqual(both);
    expect(read(lines(...objects.map(({ data }) => ({ bytes: bytes(data) }))))).toEqual(both);
    const base64 = objects.map(({ data }) => ({ bytes: Buffer.from(data, 'hex').toString('base64') }));
    expect(read(lines(...base64))).toEqual(both);
  });

  it('may have lists of messages, on one line or on many', () => {
    const log = [
      { n: 1, data: REQUEST },
      { n: 2, data: [REQUEST, REPLY, 8] },
    ];
    const three = { hexes: [REQUEST, REQUEST, REPLY], error: undefined };
    expect(read(lines(...log))).toEqual(three);
    expect(read(JSON.stringify(log, undefined, 2))).toEqual(three);
  });

  it('may have bytes under keys that have another meaning in ours', () => {
    for (const key of ['payload', 'raw', 'frames'])
      expect(read(lines(...objects.map(({ dir, data }) => ({ dir, [key]: data }))))).toEqual(both);
    const named = objects.map(({ dir, data }) => ({ name: dir, type: dir, payload: data }));
    expect(read(lines(...named))).toEqual(both);
  });

  it('has no message in keys', () => {
    expect(read(lines({ data: REQUEST, [REPLY]: 1 })).hexes).toEqual([REQUEST]);
  });

  it('may be dictionaries as Python prints them', () => {
    expect(read(`{'dir': 'tx', 'data': '${REQUEST}'}\n{'dir': 'rx', 'data': '${REPLY}'}\n`)).toEqual(both);
  });
});

describe('lines as decode --json prints them', () => {
  it('are read as such, whatever their payload holds', () => {
    const { hexes, error } = read(lines({ id: '0x56000004', payload: { vmid: 128 } }));
    expect(error).toBeUndefined();
    expect(hexes).toEqual(['210100000400005680000000']);
  });

  it('with a key that is written wrongly are no other JSON', () => {
    expect(read(lines({ nmae: 'VM_START', payload: { vmid: 128 } })).error).toMatch(/unknown_key at nmae/);
    expect(read(lines({ nmae: 'VM_START' })).error).toMatch(/unknown_key at nmae/);
    expect(read(lines({ evnt: 1 }, { event: 'open' })).error).toMatch(/unknown_key at evnt/);
  });
});
