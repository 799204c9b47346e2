import type { Command } from 'commander';
import {
  Comparison,
  countsLine,
  type DiffEntry,
  type Difference,
  DifferenceLines,
  DifferencePrinter,
  diffCaptures,
  diffHeading,
  diffWindow,
  entryAssembler,
  type FieldPath,
  parseFieldPath,
  printCounts,
} from '../../capture/diff/index.js';
import type { InputFormat } from '../../capture/input/index.js';
import type { PacketSink } from '../../capture/packets/index.js';
import { terminalStyle } from '../../node/terminal.js';
import { type ReassemblyRules, rulesByName, rulesOf } from '../../rpc/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { formatOption, refuseArgument } from '../options.js';
import { outputForm } from '../output-form.js';

interface DiffOptions {
  readonly json?: true;
  readonly ignore?: readonly FieldPath[];
  readonly output: string;
  readonly format?: InputFormat;
  readonly rules: string;
}

const examples = `
Packet numbers, times and latencies are not compared. Exit code: 0 equal, 1 different.
Captures of up to ${2 * diffWindow} messages together are compared as a whole. Longer ones are compared as they are read, and
messages are paired with those at most ${diffWindow} messages away: what has moved farther is printed as removed and added,
or changed.

Examples:
  gunyah-rm diff before.pcapng after.pcapng
  gunyah-rm diff a.pcapng b.ndjson --ignore payload.entries.cap_id --ignore seq
  gunyah-rm decode boot.pcapng --filter 'seq == 4' --json | gunyah-rm diff golden.ndjson - --json`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('diff')
    .description('compare two captures message by message, field by field')
    .argument('<a>', 'pcapng, pcap, hex dump or NDJSON; - for standard input')
    .argument('<b>', 'the other one')
    .option('--json', 'NDJSON, one object per difference')
    .option(
      '--ignore <path>',
      'a field that may differ, such as payload.entries.cap_id; repeatable',
      (text: string, paths: readonly FieldPath[] = []) => [...paths, parseFieldPath(io.protocol, text)],
    )
    .option('-o, --output <file>', 'where to write', '-')
    .option('--format <format>', 'format of the inputs, if it is not recognised', formatOption)
    .option('--rules <rules>', `whose reassembly rules: ${Object.keys(rulesByName).join(', ')}`, 'rm')
    .addHelpText('after', notes(examples))
    .action((a: string, b: string, options: DiffOptions) => diff(io, a, b, options));
}

async function diff(io: CommandIo, aFile: string, bFile: string, options: DiffOptions): Promise<void> {
  const { protocol } = io;
  const rules = rulesOf(options.rules);
  if (aFile === '-' && bFile === '-') refuseArgument('', 'standard input once', '- -');
  const comparison = new Comparison(protocol, options.ignore);
  const a = entriesOf(io, aFile, options.format, comparison, rules);
  const b = entriesOf(io, bFile, options.format, comparison, rules);
  const json = outputForm(options.output, options.json && 'json', 'text') === 'json';
  const output = io.output(options.output, json ? 'json' : 'text');
  const style = terminalStyle(io.stdio, options.output === '-');
  const printer = json ? new DifferenceLines(protocol) : new DifferencePrinter(protocol, style);
  let heading = json ? '' : diffHeading(style);
  const counts = await diffCaptures(comparison, a, b, (difference: Difference) => {
    // The heading is printed with the first difference, and not at all if there is none.
    output.writer.text(heading);
    heading = '';
    printer.write(difference, output.writer);
    output.written();
    io.problem();
  });
  output.write(json ? countsLine(counts) : printCounts(counts, style));
  io.end(output);
}

/** Bytes that are read at once: the messages in them are held. */
const PIECE_SIZE = 64 * 1024;

/** The messages of a capture, as far as they are asked for. */
async function* entriesOf(
  io: CommandIo,
  file: string,
  format: InputFormat | undefined,
  comparison: Comparison,
  rules: ReassemblyRules,
): AsyncGenerator<readonly DiffEntry[]> {
  let entries: DiffEntry[] = [];
  const assembler = entryAssembler(comparison, rules, (entry) => entries.push(entry));
  const packet: PacketSink = (item) => assembler.packet(item);
  for await (const _ of io.readingCapture(file, format, packet, undefined, undefined, PIECE_SIZE)) {
    if (io.isOutputClosed) return;
    yield entries;
    entries = [];
  }
  assembler.end();
  yield entries;
}
