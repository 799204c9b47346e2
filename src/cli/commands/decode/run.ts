import { jsonText } from '../../../base/json.js';
import { frameFields, recordFields } from '../../../capture/filter/index.js';
import { writeFrameLine, writeRecordLine } from '../../../capture/ndjson/index.js';
import { isProblem, Summary, writeFrame } from '../../../capture/print/index.js';
import {
  Assembler,
  type CaptureRecord,
  type Frame,
  type Outstanding,
} from '../../../capture/records/index.js';
import type { Output } from '../../../node/output.js';
import { terminalWidth } from '../../../node/terminal.js';
import { rulesOf } from '../../../rpc/index.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandIo } from '../../io.js';
import { StopReading } from '../../merge.js';
import { TextPrinter } from '../../text-printer.js';
import { convert } from './convert.js';
import type { DecodeOptions } from './options.js';
import { type Plan, planOf } from './plan.js';
import { LiveStats } from './stats.js';

/** Reads captures and prints what the options say. */
export async function decode(io: CommandIo, files: readonly string[], options: DecodeOptions): Promise<void> {
  const rules = rulesOf(options.rules);
  const plan = planOf(io.protocol, files, options);
  const { form, filter } = plan;
  if (form === 'pcapng' || form === 'hex') {
    await convert(io, files, { ...options, to: form }, rules, filter);
    return;
  }
  if (form === 'parquet') {
    const { writeTables } = await import('./tables.js');
    await writeTables(io, files, options, rules, filter);
    return;
  }
  const output = io.output(options.output, form === 'json' ? 'json' : 'text');
  if (options.follow) output.publish();
  const sink = sinkOf(io, output, options, plan);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const counted = (matches: boolean) => {
    if (matches && --left <= 0) throw new StopReading();
  };
  const { protocol } = io;
  const assembler = new Assembler({
    protocol,
    rules,
    keepBytes: options.hex === true,
    // Each record is printed or counted at once.
    reuses: true,
    record: (record) => {
      const matches = !options.frames && (filter === undefined || filter(recordFields(protocol, record)));
      sink.record(record, matches);
      // Last, because a record that was printed knows already whether its payload is sound.
      if (io.exitCode === exitCodes.ok && isProblem(record)) io.problem();
      counted(matches);
    },
    ...(options.frames && {
      frame: (frame: Frame) => {
        const matches = filter === undefined || filter(frameFields(protocol, frame));
        if (matches) sink.frame(frame);
        counted(matches);
      },
    }),
    ...(sink.unanswered && { unanswered: sink.unanswered }),
  });
  try {
    const isWhole = await io.readCaptures(
      options.limit === 0 ? [] : files,
      options.format,
      (packet) => assembler.packet(packet),
      () => output.flush(),
      { allQueues: options.allQueues === true, follow: options.follow === true },
    );
    // What is incomplete where reading stopped may be complete in the capture.
    if (isWhole) assembler.end();
    sink.end?.();
  } finally {
    sink.stop?.();
  }
  io.end(output);
}

/** Takes what the assembler makes. */
interface Sink {
  /** All records come here; those that the filter drops with `matches` false. */
  record(record: CaptureRecord, matches: boolean): void;
  /** With --frames. */
  frame(frame: Frame): void;
  unanswered?(request: Outstanding): void;
  /** All has been read. */
  end?(): void;
  /** Frees what it holds, also after an error. */
  stop?(): void;
}

function sinkOf(io: CommandIo, output: Output, options: DecodeOptions, { form, columns }: Plan): Sink {
  const { protocol } = io;
  const toStandard = options.output === '-';
  const write = (text: string) => output.write(text);
  const frame = () => {};
  const width = toStandard ? terminalWidth(io.stdio) : undefined;
  const json = form === 'json';
  if (options.summary) {
    const summary = new Summary(protocol);
    return {
      record: (record, matches) => summary.record(record, matches),
      frame,
      unanswered: (request) => summary.lost(request),
      end: () => write(json ? `${jsonText(summary.toJson())}\n` : summary.toText(width)),
    };
  }
  if (options.stats !== undefined) {
    const stats = new LiveStats(output, options.stats, json, width);
    return {
      record: (record, matches) => stats.record(record, matches),
      frame,
      unanswered: ({ no }) => stats.lost(no),
      end: () => stats.end(),
      stop: () => stats.stop(),
    };
  }
  if (columns !== undefined) {
    if (options.header) write(columns.header);
    return {
      record: (record, matches) => matches && write(columns.line(recordFields(protocol, record))),
      frame: (item) => write(columns.line(frameFields(protocol, item))),
    };
  }
  if (json) {
    return {
      record: (record, matches) => matches && writeRecordLine(protocol, record, output),
      frame: (item) => writeFrameLine(protocol, item, output),
    };
  }
  const text = new TextPrinter(io, options, toStandard);
  return {
    record: (record, matches) => (matches ? text.record(record, write) : text.skip(record)),
    frame: (item) => writeFrame(item, text.options, write),
  };
}
