import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { jsonText } from '../../src/base/json.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { keysOfRecords } from '../../src/capture/keys/index.js';
import type { Packet } from '../../src/capture/packets/index.js';
import {
  isProblem,
  type PrintOptions,
  RecordWriter,
  Summary,
  writeRecord,
} from '../../src/capture/print/index.js';
import { Assembler, type CaptureRecord } from '../../src/capture/records/index.js';
import { type ReassemblyRules, rulesOf } from '../../src/rpc/index.js';
import { budget } from '../part.js';
import { plainStyle } from '../plain-style.js';
import { captures, recorded } from '../recorded.js';
import { withSeed } from '../seeded.js';
import { play } from './mutated-packets.js';

const options: PrintOptions = { protocol, style: plainStyle, width: undefined, hex: false };
const text = (writer: ByteWriter) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(writer.bytes.subarray(0, writer.at));

function plainText(record: CaptureRecord): string {
  let all = '';
  writeRecord(record, options, (part) => {
    all += part;
  });
  return all;
}

/** Compares, at little cost as long as both are the same: there are hundreds of thousands. */
function same<T>(actual: T, expected: T | undefined): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

/** Assembles packets twice: with records that are used again and written from bytes, and with decoded ones. */
class Both {
  readonly #writer = new ByteWriter(16);
  readonly #records = new RecordWriter(options);
  readonly #expected: { readonly line: string; readonly text: string }[] = [];
  readonly #problems: boolean[] = [];
  readonly #summaries = [new Summary(protocol), new Summary(protocol)] as const;
  readonly #assemblers: readonly Assembler[];
  compared = 0;

  constructor(rules: ReassemblyRules) {
    const [plainSummary, lazySummary] = this.#summaries;
    const plain = (record: CaptureRecord) => {
      const line = `${jsonText(keysOfRecords.toJson(record, protocol))}\n`;
      this.#expected.push({ line, text: plainText(record) });
      this.#problems.push(isProblem(record));
      plainSummary.record(record);
    };
    const writer = this.#writer;
    const output = { writer, written() {}, write: (part: string) => writer.text(part) };
    const lazy = (record: CaptureRecord) => {
      // Both orders: what has been printed knows whether it is sound, and what has been counted does.
      const isCounted = record.no % 2 === 0;
      if (isCounted) lazySummary.record(record);
      const expected = this.#expected.shift();
      const write = [
        () =>
          same(
            this.#written(() => keysOfRecords.write(record, protocol, writer)),
            expected?.line,
          ),
        () =>
          same(
            this.#written(() => this.#records.write(record, output)),
            expected?.text,
          ),
      ];
      if (record.no % 4 < 2) write.reverse();
      for (const one of write) one();
      same(isProblem(record), this.#problems.shift());
      if (!isCounted) lazySummary.record(record);
      this.compared++;
    };
    const lost = (summary: Summary) => (request: Parameters<Summary['lost']>[0]) => summary.lost(request);
    this.#assemblers = [
      new Assembler({ protocol, rules, record: plain, unanswered: lost(plainSummary) }),
      new Assembler({ protocol, rules, record: lazy, reuses: true, unanswered: lost(lazySummary) }),
    ];
  }

  #written(write: () => void): string {
    this.#writer.at = 0;
    write();
    return text(this.#writer);
  }

  packet(packet: Packet): void {
    for (const assembler of this.#assemblers) assembler.packet(packet);
  }

  end(): void {
    for (const assembler of this.#assemblers) assembler.end();
    expect(this.#expected).toEqual([]);
    const [plain, lazy] = this.#summaries;
    expect(lazy.toJson()).toEqual(plain.toJson());
  }
}

describe.each(['rm', 'a14', 'q515'])('lines, text and counts from bytes, by the rules %s', (name) => {
  it('are those of decoded messages, whatever the queue messages are', () => {
    withSeed(29, (seed) => {
      const both = new Both(rulesOf(name));
      play((packet) => both.packet(packet), seed, budget(60_000));
      both.end();
      expect(both.compared).toBeGreaterThan(budget(20_000));
    });
  });
});

describe.each(captures.filter((name) => name !== 'everything.pcapng'))('%s', (name) => {
  it('has the same lines, text and counts from bytes', () => {
    const bytes = recorded(name);
    const both = new Both(rulesOf('rm'));
    const format = detectFormat(bytes.subarray(0, 65_536));
    if (format === undefined) throw new Error('no format');
    const reader = openReader(
      protocol,
      format,
      (packet) => both.packet(packet),
      () => {},
    );
    reader.push(bytes);
    reader.end();
    both.end();
    expect(both.compared).toBeGreaterThan(0);
  });
});
