import { printable } from '../../../base/text.js';
import {
  bestRecording,
  type DeviceFacts,
  parseProbe,
  probeScript,
  quote,
  type Target,
  targetCommand,
} from '../../../device/index.js';
import { DeviceScript } from '../../../node/device-script.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandIo } from '../../io.js';
import { type LiveOptions, LiveTrace } from './live.js';

/** Standard output of a script on a device, which ends by itself. @throws FileError if it cannot be run. */
export async function runAndCollect(io: CommandIo, target: Target, script: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  const output = (bytes: Uint8Array) => pieces.push(bytes);
  const run = new DeviceScript(targetCommand(target, ''), script, false, io.stdio.env, {
    output,
    message: (line) => io.stdio.writeError(`${printable(line)}\n`),
  });
  checkEnd(io, await run.ended);
  return Buffer.concat(pieces).toString('utf8');
}

/** Probes a device and chooses what fits it. @throws WireError, UsageError if nothing does. */
export async function bestOnDevice(io: CommandIo, target: Target): Promise<ReturnType<typeof bestRecording>> {
  const facts: DeviceFacts = parseProbe(await runAndCollect(io, target, probeScript()));
  const best = bestRecording(facts);
  io.note(`the device has ${facts.release}: ${best.method} as on ${best.kernel.name}`);
  return best;
}

/** Records until the user stops it or the script ends. @throws FileError if it cannot be run. */
export async function record(
  io: CommandIo,
  target: Target,
  script: string,
  options: LiveOptions,
  log = (line: string) => io.stdio.writeError(`${printable(line)}\n`),
): Promise<void> {
  const live = new LiveTrace(io, options);
  const run = new DeviceScript(targetCommand(target, 'stdin'), script, true, io.stdio.env, {
    output: (bytes) => {
      live.push(bytes);
      // Nobody reads the messages any more.
      if (io.isOutputClosed) run.stop();
    },
    message: log,
  });
  io.stdio.onStop(() => run.stop());
  try {
    checkEnd(io, await run.ended);
  } finally {
    live.end();
  }
  io.note(`${live.packets} packets`);
}

function checkEnd(io: CommandIo, code: number | undefined): void {
  if (code === 0) return;
  io.note(
    `the script on the device ended with ${code === undefined ? 'a signal' : `exit code ${code}`}; capture --clean --run removes what it may have left`,
  );
  io.exitCode = exitCodes.file;
}

/** The command that would run, and its standard input. */
export function dryRun(target: Target, script: string, keepOpen: boolean): string {
  const command = targetCommand(target, keepOpen ? 'stdin' : '')
    .map(quote)
    .join(' ');
  const end = keepOpen ? 'It stays open behind the script; when it is closed, the script stops.\n# ' : '';
  return `# Command:\n${command}\n# ${end}Its standard input:\n${script}`;
}
