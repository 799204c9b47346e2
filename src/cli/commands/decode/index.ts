import type { Command } from 'commander';
import { rulesByName, rulesOf } from '../../../rpc/index.js';
import type { CommandIo } from '../../io.js';
import { notes } from '../../notes.js';
import { formatOption, integerOption, jobsFlag, nameOption } from '../../options.js';
import { textFlags } from '../../text-printer.js';
import type { DecodeOptions } from './options.js';
import { decode } from './run.js';
import { intervalOption } from './stats.js';

const examples = `
Examples:
  gunyah-rm decode boot.pcapng                             every message, on a terminal one per line
  gunyah-rm decode boot.pcapng -v                          every message with its fields
  gunyah-rm decode boot.pcapng --filter 'error != OK'      only what went wrong
  gunyah-rm decode boot.pcapng --summary                   counts, latencies, unanswered requests
  dmesg | gunyah-rm decode -                               hex dumps from a kernel log
  gunyah-rm decode --follow trace.txt --stats every 5s     a row of counts while the file grows
  gunyah-rm decode dump.txt --to pcapng -o dump.pcapng     for Wireshark
  gunyah-rm decode boot.pcapng --json | jq .payload        for scripts
  gunyah-rm decode boot.pcapng -T fields -e no -e name -e payload.vmid --separator csv
  gunyah-rm decode host.pcapng guest.pcapng --from-time 22:13:20 --limit 10

Filters: 'KEY OPERATOR VALUE' with == != < <= > >= contains, 'KEY matches /REGEX/', 'KEY in {A, B}', KEY alone (it is
there), and, or, not, ( ). Keys are those of --json, such as name, type, from, error, latency_ns, payload.vmid. Values
are accepted as they are printed: HLOS, VM 128, 1.000 ms, 32 MiB, 0x80, 22:13:20.005.`;

export function register(program: Command, io: CommandIo): void {
  const command = program.command('decode').description('print captured traffic');
  textFlags(command)
    .argument(
      '<file...>',
      'several are read in the order of time: pcapng, pcap, kernel trace or log, hex dump or NDJSON; - for standard input',
    )
    .option('--json', 'NDJSON, one object per message')
    .option(
      '-T <form>',
      'text, json, or fields: the values of -e, a line per message',
      nameOption('-T', ['text', 'json', 'fields']),
    )
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
    .option('--follow', 'wait at the end of the file for what is added, also in a file that takes its place')
    .option('--frames', 'queue messages instead of messages')
    .option('--filter <expr>', `only messages that match, such as 'name == "VM_START" and from == 3'`)
    .option('--summary', 'counts, latencies, errors and unanswered requests instead')
    .option('--stats <interval>', 'a row of counts every 5s, 1m, ... while it reads instead', intervalOption)
    .option(
      '--to <form>',
      'convert instead: pcapng or hex, which the ending of the output also says; parquet: a folder of tables',
      nameOption('--to', ['pcapng', 'hex', 'parquet']),
    )
    .option('--hex', 'also the bytes, with offsets')
    .option('--all-queues', "of a kernel trace also the messages of other queues than RM's")
    .option('-o, --output <file>', 'where to write', '-')
    .option('--format <format>', 'format of the input, if it is not recognised', formatOption)
    .option(
      '--rules <rules>',
      `whose reassembly rules: ${Object.keys(rulesByName).join(', ')}`,
      (name) => rulesOf(name).name,
      'rm',
    )
    .addOption(
      jobsFlag(
        'threads that decode a file of more than 64 MiB; --summary, and a filter that drops most, take one',
      ),
    )
    .addHelpText('after', notes(examples))
    .action((files: string[], options: DecodeOptions) => decode(io, files, options));
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => parse(withoutEvery(words));
}

/** Lets people write `--stats every 5s` without quotes. */
function withoutEvery(words: readonly string[]): string[] {
  return words.filter((word, index) => word !== 'every' || words[index - 1] !== '--stats');
}
