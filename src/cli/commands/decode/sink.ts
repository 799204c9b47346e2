import { jsonText } from '../../../base/json.js';
import { frameFields, recordFields } from '../../../capture/filter/index.js';
import { writeFrameLine, writeRecordLine } from '../../../capture/ndjson/index.js';
import { Summary, writeFrame } from '../../../capture/print/index.js';
import type { AssemblerOptions, CaptureRecord, Frame, Outstanding } from '../../../capture/records/index.js';
import type { Output } from '../../../node/output.js';
import { terminalWidth } from '../../../node/terminal.js';
import type { CommandIo } from '../../io.js';
import { TextPrinter } from '../../text-printer.js';
import type { DecodeOptions } from './options.js';
import type { Plan } from './plan.js';
import { LiveStats } from './stats.js';

/** Takes what the assembler makes. */
export interface Sink {
  /** All records come here; those that the filter drops with `matches` false. */
  record(record: CaptureRecord, matches: boolean): void;
  /** Takes plain messages without a record, when there is no filter. */
  readonly plain?: AssemblerOptions['plain'];
  /** It does nothing with records that the filter drops. */
  readonly ignoresDropped?: boolean;
  /** With --frames. */
  frame(frame: Frame): void;
  unanswered?(request: Outstanding): void;
  /** All has been read. */
  end?(): void;
  /** Frees what it holds, also after an error. */
  stop?(): void;
  /** What it prints of a record does not depend on records before. */
  readonly isLocal?: boolean;
}

/** @param isPart of one that takes only a part of a capture. */
export function sinkOf(
  io: CommandIo,
  output: Output,
  options: DecodeOptions,
  { form, columns }: Plan,
  isPart = false,
): Sink {
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
      plain: (...message) => summary.plain(...message),
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
    if (options.header && !isPart) write(columns.header);
    return {
      isLocal: true,
      ignoresDropped: true,
      record: (record, matches) => matches && write(columns.line(recordFields(protocol, record))),
      frame: (item) => write(columns.line(frameFields(protocol, item))),
    };
  }
  if (json) {
    return {
      isLocal: true,
      ignoresDropped: true,
      record: (record, matches) => matches && writeRecordLine(protocol, record, output),
      frame: (item) => writeFrameLine(protocol, item, output),
    };
  }
  const text = new TextPrinter(io, options, toStandard);
  return {
    isLocal: text.isLocal,
    ignoresDropped: text.isLocal,
    record: (record, matches) => (matches ? text.record(record, output) : text.skip(record)),
    frame: (item) => writeFrame(item, text.options, write),
  };
}
