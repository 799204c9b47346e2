import type { Command } from 'commander';
import { UsageError } from '../../../base/error.js';
import {
  bestRecording,
  cleaningScript,
  kernelByName,
  kernels,
  METHODS,
  type Method,
  methodsOf,
  parseProbe,
  probeScript,
  recordingScript,
} from '../../../device/index.js';
import type { CommandIo } from '../../io.js';
import { integerOption, oneOf } from '../../options.js';

/** The options as commander parses them. */
interface CaptureOptions {
  readonly kernel?: string;
  readonly method?: Method;
  readonly duration?: number;
  readonly filterCapid: readonly bigint[];
  readonly probe?: true;
  readonly fromProbe?: string;
  readonly clean?: true;
  readonly output: string;
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
  gunyah-rm capture --clean                                removes what a killed script left`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('capture')
    .description('print a shell script that records messages on a device')
    .option('--kernel <name>', 'the kernel of the device, see below')
    .option('--method <name>', `how: ${METHODS.join(', ')}`, (name) => oneOf(METHODS, name, '--method'))
    .option('--duration <seconds>', 'stop after this time', integerOption('--duration', 1_000_000))
    .option('--filter-capid <capid>', 'only this queue; repeatable', addCapid, [])
    .option('--probe', 'print a script that finds out what a device has, instead')
    .option(
      '--from-probe <file>',
      'choose kernel and method by what that script printed; - for standard input',
    )
    .option('--clean', 'print a script that removes what recording scripts left, instead')
    .option('-o, --output <file>', 'where to write', '-')
    .addHelpText('after', help)
    .action((options: CaptureOptions) => io.print(options.output, scriptOf(io, options), 'text'));
}

/** Adds a value of `--filter-capid` to those before. */
function addCapid(text: string, list: readonly bigint[]): bigint[] {
  if (/^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text)) return [...list, BigInt(text)];
  const expected = 'a capability ID, such as 0x4d1b8e2c00000061';
  throw new UsageError({ code: 'argument', path: '--filter-capid', expected, actual: text });
}

function scriptOf(io: CommandIo, options: CaptureOptions): string {
  const { duration, filterCapid: capids } = options;
  const chosen = (['kernel', 'probe', 'fromProbe', 'clean'] as const).filter((key) => options[key]);
  if (chosen.length !== 1) {
    const expected = 'one of --kernel, --from-probe, --probe, --clean';
    throw new UsageError({ code: 'option', path: 'capture', expected, actual: chosen.join(' ') || 'none' });
  }
  if (options.probe) return probeScript();
  if (options.clean) return cleaningScript();
  const { kernel, method } =
    options.fromProbe === undefined
      ? { kernel: kernelByName(options.kernel as string), method: undefined }
      : bestRecording(parseProbe(Buffer.from(io.files.whole(options.fromProbe)).toString('utf8')));
  const best = options.method ?? method ?? (methodsOf(kernel)[0] as Method);
  return recordingScript(best, { kernel, duration, capids });
}
