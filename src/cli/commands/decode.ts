import type { Command } from 'commander';
import { UsageError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import {
  Columns,
  type Filter,
  type FilterNames,
  filterNames,
  frameFields,
  parseFilter,
  recordFields,
  separatorNamed,
} from '../../capture/filter/index.js';
import type { InputFormat } from '../../capture/input/index.js';
import { writeFrameLine, writeRecordLine } from '../../capture/ndjson/index.js';
import { isProblem, type PrintOptions, Summary, writeFrame, writeRecord } from '../../capture/print/index.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import { Assembler, type Frame } from '../../capture/records/index.js';
import type { Output } from '../../node/output.js';
import { terminalStyle, terminalWidth } from '../../node/terminal.js';
import { rulesByName, rulesOf } from '../../rpc/index.js';
import type { CommandIo } from '../io.js';
import { StopReading } from '../merge.js';
import { formatOption, integerOption, oneOf } from '../options.js';
import { outputForm } from '../output-form.js';
import { convert } from './convert.js';

/** The options as commander parses them. */
export interface DecodeOptions {
  readonly T?: string;
  readonly e?: readonly string[];
  readonly separator: string;
  readonly header?: true;
  readonly limit?: number;
  readonly fromTime?: string;
  readonly toTime?: string;
  readonly json?: true;
  readonly frames?: true;
  readonly summary?: true;
  readonly hex?: true;
  readonly allQueues?: true;
  readonly filter?: string;
  readonly to?: string;
  readonly output: string;
  readonly format?: InputFormat;
  readonly rules: string;
}

const examples = `
Examples:
  gunyah-rm decode boot.pcapng                             every message with its fields
  gunyah-rm decode boot.pcapng --filter 'error != OK'      only what went wrong
  gunyah-rm decode boot.pcapng --summary                   counts, latencies, unanswered requests
  dmesg | gunyah-rm decode -                               hex dumps from a kernel log
  gunyah-rm decode dump.txt --to pcapng -o dump.pcapng     for Wireshark
  gunyah-rm decode boot.pcapng --json | jq .payload        for scripts
  gunyah-rm decode boot.pcapng -T fields -e no -e name -e payload.vmid --separator csv
  gunyah-rm decode host.pcapng guest.pcapng --from-time 22:13:20 --limit 10

Filters: 'KEY OPERATOR VALUE' with == != < <= > >= contains, 'KEY matches /REGEX/', 'KEY in {A, B}', KEY alone (it is
there), and, or, not, ( ). Keys are those of --json, such as name, type, from, error, latency_ns, payload.vmid. Values
are accepted as they are printed: HLOS, VM 128, 1.000 ms, 32 MiB, 0x80, 22:13:20.005.`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('decode')
    .description('print captured traffic, one block per message')
    .argument(
      '<file...>',
      'several are read in the order of time: pcapng, pcap, kernel trace or log, hex dump or NDJSON; - for standard input',
    )
    .option('--json', 'NDJSON, one object per message')
    .option('-T <form>', 'text, json, or fields: the values of -e, a line per message')
    .option(
      '-e <key>',
      'a value to print with -T fields, such as payload.vmid; repeatable',
      (key: string, keys: readonly string[] = []) => [...keys, key],
    )
    .option('--separator <text>', 'between the values of -e: csv, tsv or a text', 'tsv')
    .option('--header', 'the names of the values of -e first')
    .option('--limit <n>', 'stop after so many messages', integerOption('--limit'))
    .option(
      '--from-time <time>',
      'only messages from this time on, such as 2023-11-14T22:13:20Z or 22:13:20.005',
    )
    .option('--to-time <time>', 'only messages up to this time')
    .option('--frames', 'queue messages instead of messages')
    .option('--filter <expr>', `only messages that match, such as 'name == "VM_START" and from == 3'`)
    .option('--summary', 'counts, latencies, errors and unanswered requests instead')
    .option('--to <form>', 'convert instead: pcapng or hex, which the ending of the output also says')
    .option('--hex', 'also the bytes, with offsets')
    .option('--all-queues', "of a kernel trace also the messages of other queues than RM's")
    .option('-o, --output <file>', 'where to write', '-')
    .option('--format <format>', 'format of the input, if it is not recognised', formatOption)
    .option('--rules <rules>', `whose reassembly rules: ${Object.keys(rulesByName).join(', ')}`, 'rm')
    .addHelpText('after', examples)
    .action((files: string[], options: DecodeOptions) => decode(io, files, options));
}

async function decode(io: CommandIo, files: readonly string[], options: DecodeOptions): Promise<void> {
  const { protocol } = io;
  const rules = rulesOf(options.rules);
  const names = filterNames(protocol, options.frames === true);
  if (files.filter((file) => file === '-').length > 1)
    throw new UsageError({ code: 'argument', path: '', expected: 'standard input once', actual: '- -' });
  const filter = filterOf(options, names);
  const columns = columnsOf(options, names);
  const form = formOf(options);
  if (form === 'pcapng' || form === 'hex') {
    if (
      options.json ||
      options.summary ||
      options.frames ||
      options.hex ||
      columns ||
      options.limit !== undefined
    )
      conflict('--to', options);
    await convert(io, files, { ...options, to: form }, rules, filter);
    return;
  }
  const json = form === 'json';
  if (options.summary && options.frames) conflict('--summary', options);
  const output = io.output(options.output, json ? 'json' : 'text');
  const summary = options.summary ? new Summary(protocol) : undefined;
  if (columns !== undefined && options.header) output.write(columns.header);
  const print = printer(io, output, { ...options, json }, filter, summary, columns);
  const assembler = new Assembler({
    protocol,
    rules,
    keepBytes: options.hex === true,
    reuses: true,
    ...print,
    ...(summary === undefined ? {} : { unanswered: (request) => summary.lost(request) }),
  });
  const isWhole = await io.readCaptures(
    options.limit === 0 ? [] : files,
    options.format,
    (packet) => assembler.packet(packet),
    () => output.flush(),
    { allQueues: options.allQueues === true },
  );
  // What is incomplete where reading stopped may be complete in the capture.
  if (isWhole) assembler.end();
  if (summary !== undefined) {
    output.write(json ? `${jsonText(summary.toJson())}\n` : summary.toText());
  }
  io.end(output);
}

function conflict(option: string, options: DecodeOptions): never {
  const others = (['json', 'summary', 'frames', 'hex', 'limit', 'T', 'e'] as const).filter(
    (key) => options[key] !== undefined && `--${key}` !== option,
  );
  const actual = others.map((key) => (key.length === 1 ? `-${key}` : `--${key}`)).join(' ');
  throw new UsageError({ code: 'option', path: option, expected: 'to stand alone', actual });
}

/** What is written: a form of captures, JSON, or text. */
function formOf({ T, e, to, json, output }: DecodeOptions): 'json' | 'text' | 'pcapng' | 'hex' {
  const text = T === undefined ? undefined : oneOf(['text', 'json', 'fields'], T, '-T');
  if ((text === 'fields') !== (e !== undefined)) {
    const [expected, actual] =
      e === undefined ? ['-e with a key', 'nothing'] : ['-T fields with -e', T ?? 'nothing'];
    throw new UsageError({ code: 'option', path: '-T', expected, actual });
  }
  const named = to === undefined ? undefined : oneOf(['pcapng', 'hex'], to, '--to');
  return outputForm(output, named ?? (json || text === 'json' ? 'json' : undefined), 'text') as ReturnType<
    typeof formOf
  >;
}

function columnsOf({ e, separator }: DecodeOptions, names: FilterNames): Columns | undefined {
  return e === undefined ? undefined : new Columns(e, names, separatorNamed(separator));
}

/** The filter, and the times as further ones. */
function filterOf({ filter, fromTime, toTime }: DecodeOptions, names: FilterNames): Filter | undefined {
  const filters = [
    ...(filter === undefined ? [] : [parseFilter(filter, names)]),
    ...(fromTime === undefined ? [] : [timeFilter('>=', fromTime, '--from-time', names)]),
    ...(toTime === undefined ? [] : [timeFilter('<=', toTime, '--to-time', names)]),
  ];
  return filters.length < 2 ? filters[0] : (fields) => filters.every((test) => test(fields));
}

function timeFilter(operator: string, time: string, path: string, names: FilterNames): Filter {
  try {
    return parseFilter(`time ${operator} ${JSON.stringify(time)}`, names);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError({ code: 'argument', path, expected: error.expected, actual: time });
  }
}

/** The handlers for each record and each queue message. */
function printer(
  io: CommandIo,
  output: Output,
  options: Omit<DecodeOptions, 'json'> & { readonly json: boolean },
  filter: Filter | undefined,
  summary: Summary | undefined,
  columns: Columns | undefined,
): { record: (record: CaptureRecord) => void; frame?: (frame: Frame) => void } {
  const { protocol } = io;
  const toTerminal = options.output === '-';
  const print: PrintOptions = {
    protocol,
    style: terminalStyle(io.stdio, toTerminal),
    width: toTerminal ? terminalWidth(io.stdio) : undefined,
    hex: options.hex === true,
  };
  const { json } = options;
  const write = (text: string) => output.write(text);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const counted = () => {
    if (--left <= 0) throw new StopReading();
  };
  const record = (item: CaptureRecord) => {
    if (isProblem(item)) io.problem();
    if (options.frames) return;
    const matches = filter === undefined || filter(recordFields(protocol, item));
    if (summary !== undefined) summary.record(item, matches);
    else if (!matches) return;
    else if (columns !== undefined) output.write(columns.line(recordFields(protocol, item)));
    else if (json) writeRecordLine(protocol, item, output);
    else writeRecord(item, print, write);
    if (matches) counted();
  };
  const frame = (item: Frame) => {
    if (filter !== undefined && !filter(frameFields(protocol, item))) return;
    if (columns !== undefined) output.write(columns.line(frameFields(protocol, item)));
    else if (json) writeFrameLine(protocol, item, output);
    else writeFrame(item, print, write);
    counted();
  };
  return options.frames ? { record, frame } : { record };
}
