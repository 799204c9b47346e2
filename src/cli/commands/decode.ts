import type { Command } from 'commander';
import { UsageError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import {
  type Filter,
  filterNames,
  frameFields,
  parseFilter,
  recordFields,
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
import { formatOption, oneOf } from '../options.js';
import { outputForm } from '../output-form.js';
import { convert } from './convert.js';

/** The options as commander parses them. */
export interface DecodeOptions {
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
  gunyah-rm decode boot.pcapng --json | jq .payload        for scripts`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('decode')
    .description('print captured traffic, one block per message')
    .argument('<file>', 'pcapng, pcap, kernel trace or log, hex dump or NDJSON; - for standard input')
    .option('--json', 'NDJSON, one object per message')
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
    .action((file: string, options: DecodeOptions) => decode(io, file, options));
}

function decode(io: CommandIo, file: string, options: DecodeOptions): void {
  const { protocol } = io;
  const rules = rulesOf(options.rules);
  const names = filterNames(protocol, options.frames === true);
  const filter = options.filter === undefined ? undefined : parseFilter(options.filter, names);
  const to = options.to === undefined ? undefined : oneOf(['pcapng', 'hex'], options.to, '--to');
  const form = outputForm(options.output, to ?? (options.json ? 'json' : undefined), 'text');
  if (form === 'pcapng' || form === 'hex') {
    if (options.json || options.summary || options.frames || options.hex) conflict('--to', options);
    convert(io, file, { ...options, to: form }, rules, filter);
    return;
  }
  const json = form === 'json';
  if (options.summary && options.frames) conflict('--summary', options);
  const output = io.output(options.output, json ? 'json' : 'text');
  const summary = options.summary ? new Summary(protocol) : undefined;
  const print = printer(io, output, { ...options, json }, filter, summary);
  const assembler = new Assembler({
    protocol,
    rules,
    keepBytes: options.hex === true,
    ...print,
    ...(summary === undefined ? {} : { unanswered: (request) => summary.lost(request) }),
  });
  io.readCapture(
    file,
    options.format,
    (packet) => assembler.packet(packet),
    () => output.flush(),
    { allQueues: options.allQueues === true },
  );
  assembler.end();
  if (summary !== undefined) {
    output.write(json ? `${jsonText(summary.toJson())}\n` : summary.toText());
  }
  io.end(output);
}

function conflict(option: string, options: DecodeOptions): never {
  const others = (['json', 'summary', 'frames', 'hex'] as const).filter(
    (key) => options[key] && `--${key}` !== option,
  );
  const actual = others.map((key) => `--${key}`).join(' ');
  throw new UsageError({ code: 'option', path: option, expected: 'to stand alone', actual });
}

/** The handlers for each record and each queue message. */
function printer(
  io: CommandIo,
  output: Output,
  options: Omit<DecodeOptions, 'json'> & { readonly json: boolean },
  filter: Filter | undefined,
  summary: Summary | undefined,
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
  const record = (item: CaptureRecord) => {
    if (isProblem(item)) io.problem();
    if (options.frames) return;
    const matches = filter === undefined || filter(recordFields(protocol, item));
    if (summary !== undefined) summary.record(item, matches);
    else if (!matches) return;
    else if (json) writeRecordLine(protocol, item, write);
    else writeRecord(item, print, write);
  };
  const frame = (item: Frame) => {
    if (filter !== undefined && !filter(frameFields(protocol, item))) return;
    if (json) writeFrameLine(protocol, item, write);
    else writeFrame(item, print, write);
  };
  return options.frames ? { record, frame } : { record };
}
