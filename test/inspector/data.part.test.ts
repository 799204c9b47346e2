import { describe, expect, it } from 'vitest';
import { protocol, VM_START } from '../../schemas/index.js';
import { filterNames, parseFilter, recordFields } from '../../src/capture/filter/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import { infoOf, Summary } from '../../src/capture/print/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { type Column, columnsOf } from '../../src/inspector/data/columns.js';
import { detailOf } from '../../src/inspector/data/detail.js';
import { Hazards } from '../../src/inspector/data/hazards.js';
import { MessageFields } from '../../src/inspector/data/message-fields.js';
import { MessageIndex } from '../../src/inspector/data/message-index.js';
import { Sorting } from '../../src/inspector/data/sorting.js';
import { Lanes } from '../../src/inspector/data/timeline/lanes.js';
import { Parcels } from '../../src/inspector/data/timeline/parcels.js';
import { VmStates } from '../../src/inspector/data/timeline/vm-states.js';
import { View } from '../../src/inspector/data/view.js';
import { rmRules } from '../../src/rpc/index.js';
import { frame, packetOf } from '../capture/capture.js';
import { partOf } from '../part.js';
import { captures, recorded } from '../recorded.js';
import { expectSame } from '../same.js';

/** A capture as the page holds it, and its records as `decode --json` prints them. */
function read(bytes: Uint8Array) {
  const lines: string[] = [];
  const assembler = new Assembler({
    protocol,
    rules: rmRules,
    record: (record) => lines.push(recordLine(protocol, record)),
  });
  const index = new MessageIndex(protocol, {
    record(record, at) {
      states.record(record, at);
      parcels.record(record, at);
    },
    unanswered() {},
  });
  const states = new VmStates(index);
  const parcels = new Parcels(index);
  const input = new CaptureInput(
    protocol,
    undefined,
    (packet) => {
      assembler.packet(packet);
      index.packet(packet);
    },
    () => {},
  );
  input.push(bytes);
  input.end();
  assembler.end();
  index.end();
  return { index, lines, states, parcels };
}

const names = filterNames(protocol, false);
// The largest one has what the others have, many times over; the browser test compares it.
const some = captures.filter((name) => name !== 'everything.pcapng');
// Of the other large ones the first stage looks at a part.
const LARGE = 500;

describe.each(some)('%s behind the page', (name) => {
  const { index, lines } = read(recorded(name));
  const records = lines.map((line) => JSON.parse(line));
  const places = [...records.keys()];
  const some = records.length > LARGE ? partOf(places) : places;

  it('gives every record back as it was read', () => {
    expectSame(
      some.map((at) => recordLine(protocol, index.record(at))),
      some.map((at) => lines[at] as string),
    );
  });

  it('shows filters what NDJSON has', () => {
    const fields = new MessageFields(index);
    const seen = some.map((at) => {
      const of = fields.of(at);
      return Object.fromEntries(
        [...names.keys].map((key) => [key, of(key)]).filter(([, value]) => value !== undefined),
      );
    });
    const known = some.map((at) =>
      Object.fromEntries(Object.entries(records[at]).filter(([key]) => names.keys.has(key))),
    );
    expect(seen).toEqual(known);
  });

  it('has a column for every key, and says of each message what decode says', () => {
    const columns = columnsOf(index, new Hazards(index));
    for (const key of names.keys) expect([...columns.keys()]).toContain(key);
    const said = some.map((at) => {
      const { text, problem = '' } = infoOf(protocol, index.record(at), index.stateBefore(at));
      return [text, problem];
    });
    const cells = some.map((at) => ['info', 'problem'].map((name) => columns.get(name)?.cell(at)));
    expect(cells).toEqual(said);
  });

  it.each(['no', 'name', 'info', 'latency_ns', 'error', 'from'])('is sorted by %s, and back', (name) => {
    const column = columnsOf(index, new Hazards(index)).get(name) as Column;
    const view = new View(index, undefined);
    for (const descending of [false, true]) {
      view.sortBy(new Sorting(column, descending));
      while (!view.advanceSorting(100));
      const rows = Array.from({ length: index.count }, (_, row) => view.messageAt(row));
      expect([...rows].sort((a, b) => a - b)).toEqual(records.map((_, at) => at));
      expect(rows.filter((message, row) => view.rowOf(message) !== row)).toEqual([]);
      const { number } = column;
      if (number === undefined) continue;
      const numbers = rows.map(number).filter((value) => !Number.isNaN(value));
      expect(numbers).toEqual([...numbers].sort((a, b) => (descending ? b - a : a - b)));
    }
    view.sortBy(undefined);
    expect(view.messageAt(0)).toBe(0);
  });

  it('explains every byte once, and every field as NDJSON has it', () => {
    for (const at of some) {
      const { payload } = records[at];
      const { bytes, nodes } = detailOf(index, at);
      const covered = new Uint8Array(bytes.length);
      for (const { group, runs } of nodes)
        if (!group) for (const [start, end] of runs) covered.fill(1, start, end);
      expect(covered.indexOf(0)).toBe(-1);
      const own = nodes.filter(
        ({ path, json, mark, name: field }) =>
          /^\w+$/.test(path) &&
          path !== 'error' &&
          json !== undefined &&
          (mark !== 'reserved' || field in payload),
      );
      if (payload !== undefined)
        expect(Object.fromEntries(own.map((node) => [node.path, JSON.parse(node.json as string)]))).toEqual(
          payload,
        );
    }
  });

  it.each([
    'payload.vmid == 128',
    'payload.sgl_entries.size == 0x1000 or error == MEM_INVALID',
    'not (issues or rest) and latency_ns > 1000000',
  ])('lets pass what the command line lets pass: %s', (text) => {
    const filter = parseFilter(text, names);
    const view = new View(index, filter);
    // In steps, as the page does.
    while (view.scanned < index.count) view.advance(100);
    const expected = records
      .map((_, at) => at)
      .filter((at) => filter(recordFields(protocol, index.record(at))));
    expect(Array.from({ length: view.count }, (_, row) => view.messageAt(row))).toEqual(expected);
    for (const [row, at] of expected.entries()) expect(view.rowOf(at)).toBe(row);
  });
});

it('the page tells of requests without a reply what decode --summary tells', () => {
  const [told, expected] = [new Summary(protocol), new Summary(protocol)];
  const index = new MessageIndex(protocol, {
    record() {},
    unanswered: (request) => told.lost(request),
  });
  const assembler = new Assembler({
    protocol,
    rules: rmRules,
    unanswered: (request) => expected.lost(request),
  });
  const request = frame(1, 0, 7, VM_START.id, '80000000');
  for (const number of [1, 2]) {
    const packet = packetOf(number, 3, 255, request);
    index.packet(packet);
    assembler.packet(packet);
  }
  index.end();
  assembler.end();
  expect(expected.toJson().unanswered.list).toMatchObject([{ frame: 1, name: 'VM_START' }]);
  expect(told.toJson()).toEqual(expected.toJson());
});

describe('the lanes of a recorded life', () => {
  const { index, states, parcels } = read(recorded('vm-lifecycle.pcapng'));

  it('have the states of the VM and the parcel that it was made from', () => {
    const { first, last } = new Lanes(index, states, parcels, new Hazards(index)).window(0, 0, 10);
    const window = new Lanes(index, states, parcels, new Hazards(index)).window(first, last, 600);
    expect(window.vms.map(({ label }) => label)).toEqual(['RM', 'HLOS', 'VM 128']);
    expect(window.states.filter(({ vmid }) => vmid === 128).map(({ state }) => state)).toEqual([
      'LOAD',
      'INIT',
      'READY',
      'RUNNING',
      'EXITED',
      'RESETTING',
      'RESET',
    ]);
    expect(window.parcels).toMatchObject([{ handle: 0, kind: 'LEND', owner: 'HLOS', mapped: [] }]);
    expect(window.calls).toHaveLength(window.messages.filter(({ type }) => type === 'reply').length);
  });

  it('count where there are too many messages to draw each', () => {
    const memory = read(recorded('memory.pcapng'));
    const lanes = new Lanes(memory.index, memory.states, memory.parcels, new Hazards(memory.index));
    const { first, last } = lanes.window(0, 0, 10);
    const { messages, density, alarms, total } = lanes.window(first, last, 100);
    expect(messages).toEqual([]);
    const sum = (counts: Uint32Array) => counts.reduce((all, count) => all + count, 0);
    // RM takes part in all messages.
    expect(sum(density[0]?.sums as Uint32Array)).toBe(total);
    expect(density[0]?.counts.reduce((all, counts) => all + sum(counts), 0)).toBe(total);
    expect(total).toBe(memory.index.count);
    const { messages: each } = memory.index;
    const failed = Array.from(each.columns.error.subarray(0, total)).filter((error) => error !== 0);
    const errors = alarms.find(({ name }) => name === 'errors');
    expect(errors?.total).toBe(failed.length);
    expect(sum(errors?.counts as Uint32Array)).toBe(failed.length);
    // Each alarm leads to a message that it counts.
    for (const no of errors?.first.filter((at) => at > 0) ?? [])
      expect(each.columns.error[no - 1]).not.toBe(0);
  });
});

describe('hazards', () => {
  /** A life of a VM, whose VMID is deallocated once more. */
  function found() {
    const pieces: Uint8Array[] = [];
    const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
    const put = (from: number, to: number, hex: string) => {
      const frame = Uint8Array.from(Buffer.from(hex, 'hex'));
      writer.packet(from, to, frame, 0, frame.length, undefined, undefined);
    };
    put(3, 255, '2101010024000056');
    put(255, 3, '21020100240000560000000003000000');
    put(3, 255, '210102000200005677000000');
    writer.end();
    const { index } = read(Buffer.concat(pieces));
    const hazards = new Hazards(index);
    while (!hazards.advance(true));
    return { index, hazards };
  }

  it('are those of lint, with the bytes that they are about', () => {
    const { index, hazards } = found();
    expect(hazards.isComplete).toBe(true);
    expect(hazards.counts.map(({ rule, level, count, first }) => [rule, level, count, first])).toEqual([
      ['rm23/vm-dealloc-unknown-vmid', 'fatal', 1, 3],
    ]);
    const [hazard] = detailOf(index, 2, hazards.of(3)).hazards;
    expect(hazard).toMatchObject({ rule: 'rm23/vm-dealloc-unknown-vmid', at: 8, runs: [[8, 10]] });
    expect(columnsOf(index, hazards).get('hazard')?.cell(2)).toBe('fatal rm23/vm-dealloc-unknown-vmid');
  });

  it('stand in the lanes', () => {
    const { index, hazards } = found();
    const lanes = new Lanes(index, new VmStates(index), new Parcels(index), hazards);
    const { first, last } = lanes.window(0, 0, 10);
    const { alarms, messages } = lanes.window(first, last, 10);
    expect(alarms.find(({ name }) => name === 'hazards')).toMatchObject({ total: 1 });
    expect(messages.map(({ hazards }) => hazards)).toEqual([[], [], ['rm23/vm-dealloc-unknown-vmid']]);
  });
});
