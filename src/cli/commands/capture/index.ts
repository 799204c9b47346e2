import { type Command, Option } from 'commander';
import { inContext } from '../../../base/error.js';
import {
  bestRecording,
  cleaningScript,
  kernelByName,
  kernels,
  METHODS,
  type Method,
  methodsOf,
  parseProbe,
  parseTarget,
  probeScript,
  recordingScript,
  type Target,
} from '../../../device/index.js';
import { type CommandIo, nameOfInput } from '../../io.js';
import { notes } from '../../notes.js';
import { integerOption, oneOf, refuseArgument, refuseOption } from '../../options.js';
import { type TextOptions, textFlags } from '../../text-printer.js';
import { addExtcapOptions, type ExtcapOptions, extcap, install } from './extcap.js';
import { bestOnDevice, dryRun, record, runAndCollect } from './run.js';

/** The options as commander parses them. */
interface CaptureOptions extends ExtcapOptions, TextOptions {
  readonly kernel?: string;
  readonly method?: Method;
  readonly duration?: number;
  readonly filterCapid: readonly bigint[];
  readonly probe?: true;
  readonly fromProbe?: string;
  readonly clean?: true;
  readonly run?: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
  readonly allQueues?: true;
  readonly output?: string;
}

const help = `
The script needs root on the device and no program but a POSIX shell. Its comments say what it does, how it stops and
what of it was tried. docs/record-on-a-device.md leads from a phone to the first message.

Kernels:
${kernels.map((kernel) => `  ${kernel.name.padEnd(16)}${methodsOf(kernel).join(', ')}`).join('\n')}

Examples:
  gunyah-rm capture --probe -o probe.sh                    what can this device do? Changes nothing
  adb shell su 0 sh < probe.sh > probe.txt
  gunyah-rm capture --from-probe probe.txt -o record.sh    the best script for it
  gunyah-rm capture --kernel android14-6.1 --duration 30 -o record.sh
  gunyah-rm capture --run adb -o phone.pcapng              all of that: probe, record, decode, until Ctrl-C
  gunyah-rm capture --run ssh root@board --kernel mainline-v17 -o - | wireshark -k -i -
  gunyah-rm capture --clean --run adb                      removes what a killed script left`;

export function register(program: Command, io: CommandIo): void {
  const command = program
    .command('capture')
    .description('record messages on a device: print the script for it, or run it');
  textFlags(command)
    .option('--kernel <name>', 'the kernel of the device, see below')
    .option('--method <name>', `how: ${METHODS.join(', ')}`, parseMethod)
    .option('--duration <seconds>', 'stop after this time', integerOption('--duration', 1_000_000))
    .addOption(
      new Option('--filter-capid <capid>', 'only this queue; repeatable')
        .argParser(addCapid)
        .default([], 'all'),
    )
    .option('--probe', 'print a script that finds out what a device has, instead')
    .option(
      '--from-probe <file>',
      'choose kernel and method by what that script printed; - for standard input',
    )
    .option('--clean', 'print a script that removes what recording scripts left, instead')
    .option('--run <target...>', 'run the script there and show messages live: adb, ssh HOST or local')
    .option('--dry-run', 'with --run: print the commands and the script only')
    .option('--json', 'with --run: messages as NDJSON')
    .option('--all-queues', "with --run: messages of other queues than RM's too")
    .option('-o, --output <file>', 'where to write the script; with --run: the messages, as pcapng')
    .addHelpText('after', notes(help));
  addExtcapOptions(command).action((options: CaptureOptions) => capture(io, options));
}

/** Wireshark gives an empty value where nothing was chosen. */
function parseMethod(name: string): Method | undefined {
  return name === '' ? undefined : oneOf(METHODS, name, '--method');
}

/** Adds a value of `--filter-capid` to those before. */
function addCapid(text: string, list: readonly bigint[]): readonly bigint[] {
  if (text === '') return list;
  if (/^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text)) return [...list, BigInt(text)];
  refuseArgument('--filter-capid', 'a capability ID, such as 0x4d1b8e2c00000061', text);
}

async function capture(io: CommandIo, options: CaptureOptions): Promise<void> {
  if (options.extcapInstall) return install(io);
  if (options.extcap) {
    return extcap(io, options, async (words, fifo, log) => {
      const target = parseTarget(words);
      await record(io, target, await scriptOf(io, options, target), { ...options, output: fifo }, log);
    });
  }
  const target = options.run === undefined ? undefined : parseTarget(options.run);
  const chosen = (['kernel', 'probe', 'fromProbe', 'clean'] as const).filter((key) => options[key]);
  if (chosen.length > 1 || (chosen.length === 0 && target === undefined)) {
    const expected = 'one of --kernel, --from-probe, --probe, --clean, or --run';
    refuseOption('capture', expected, chosen.join(' ') || 'none');
  }
  const records = !options.probe && !options.clean;
  if (options.dryRun && target !== undefined && chosen.length === 0) {
    io.print(options.output ?? '-', dryRun(target, probeScript(), false));
    io.note('the probe chooses kernel and method: with --kernel this shows how it records');
    return;
  }
  const script = await scriptOf(io, options, target);
  if (target === undefined) io.print(options.output ?? '-', script);
  else if (options.dryRun) io.print(options.output ?? '-', dryRun(target, script, records));
  else if (records) await record(io, target, script, options);
  else io.print(options.output ?? '-', await runAndCollect(io, target, script));
}

async function scriptOf(io: CommandIo, options: CaptureOptions, target: Target | undefined): Promise<string> {
  if (options.probe) return probeScript();
  if (options.clean) return cleaningScript();
  const { kernel, method } = await recordingOf(io, options, target);
  const { duration, filterCapid: capids } = options;
  return recordingScript(options.method ?? method, { kernel, duration, capids });
}

/** The kernel that is given, or what fits a device. */
async function recordingOf(io: CommandIo, options: CaptureOptions, target: Target | undefined) {
  if (options.kernel) {
    const kernel = kernelByName(options.kernel);
    return { kernel, method: methodsOf(kernel)[0] as Method };
  }
  if (options.fromProbe === undefined && target !== undefined) return bestOnDevice(io, target);
  const path = options.fromProbe as string;
  const text = Buffer.from(io.files.whole(path)).toString('utf8');
  return inContext(`${nameOfInput(path)}: `, () => bestRecording(parseProbe(text)));
}
