import { type Command, Option } from 'commander';
import { printable } from '../../../base/text.js';
import {
  type ExtcapInterface,
  extcapConfigText,
  extcapInterfaces,
  extcapInterfaceText,
  extcapLinkText,
  extcapLogMessage,
} from '../../../device/index.js';
import { exportForms } from '../../../export/forms.js';
import { installExtcap } from '../../../node/extcap-install.js';
import type { Output } from '../../../node/output.js';
import { TapConnection } from '../../../node/tap-server.js';
import { version } from '../../../node/version.js';
import { exportContext } from '../../export-context.js';
import type { CommandIo } from '../../io.js';
import { refuseOption } from '../../options.js';

/** The options that Wireshark gives, as commander parses them. */
export interface ExtcapOptions {
  readonly extcap?: true;
  readonly extcapInstall?: true;
  readonly extcapInterfaces?: true;
  readonly extcapInterface?: string;
  readonly extcapDlts?: true;
  readonly extcapConfig?: true;
  readonly capture?: true;
  readonly fifo?: string;
  readonly extcapControlOut?: string;
  readonly host?: string;
  readonly tapSocket?: string;
}

/** Adds the options that Wireshark gives. Its users never see them. */
export function addExtcapOptions(command: Command): Command {
  const hidden = [
    '--extcap-interfaces',
    '--extcap-version [version]',
    '--extcap-interface <name>',
    '--extcap-dlts',
    '--extcap-config',
    '--extcap-reload-option <name>',
    '--extcap-capture-filter <filter>',
    '--extcap-control-in <pipe>',
    '--extcap-control-out <pipe>',
    '--capture',
    '--fifo <pipe>',
    '--host <host>',
    '--tap-socket <path>',
  ];
  command.option('--extcap', 'speak the extcap protocol: Wireshark starts it so');
  command.option('--extcap-install', 'put the interfaces "Gunyah RM" and the dissector into Wireshark');
  for (const flags of hidden) command.addOption(new Option(flags).hideHelp());
  return command;
}

/** Installs a program for Wireshark that starts this one, and the dissector. @throws FileError */
export function install(io: CommandIo): void {
  const context = exportContext(io.protocol);
  const words = [process.execPath, ...process.execArgv, process.argv[1] as string];
  for (const path of installExtcap(words, exportForms.lua(context), io.stdio.env))
    io.note(`installed ${path}`);
}

/**
 * Does what Wireshark asks for. @param record records with the target that an interface stands for, as `--run` does.
 *
 * @throws UsageError for an unknown interface.
 */
export async function extcap(
  io: CommandIo,
  options: ExtcapOptions,
  record: (words: readonly string[], fifo: string, log: (line: string) => void) => Promise<void>,
): Promise<void> {
  if (options.extcapInterfaces) {
    io.print('-', extcapInterfaceText(version()));
    return;
  }
  if (options.extcapDlts) io.print('-', extcapLinkText());
  else if (options.extcapConfig) io.print('-', extcapConfigText(interfaceOf(options)));
  else if (options.capture && options.fifo !== undefined) {
    const { kind } = interfaceOf(options);
    if (kind === 'socket') await copySocket(io, required(options.tapSocket, '--tap-socket'), options.fifo);
    else {
      const words = kind === 'ssh' ? ['ssh', required(options.host, '--host')] : ['adb'];
      const { extcapControlOut: pipe } = options;
      const control = pipe === undefined ? undefined : io.output(pipe);
      await record(words, options.fifo, logger(io, control));
      control?.end();
    }
  } else {
    const expected = '--extcap-interfaces, --extcap-dlts, --extcap-config or --capture with --fifo';
    refuseOption('--extcap', expected, 'none');
  }
}

function interfaceOf({ extcapInterface: name }: ExtcapOptions): ExtcapInterface {
  const found = extcapInterfaces.find((row) => row.name === name);
  if (found !== undefined) return found;
  const expected = extcapInterfaces.map((row) => row.name).join(', ');
  refuseOption('--extcap-interface', expected, name ?? 'none');
}

function required(value: string | undefined, path: string): string {
  if (value !== undefined && value !== '') return value;
  refuseOption(path, 'a value', 'none');
}

/** Copies what a manager's tap sends into Wireshark's pipe. */
async function copySocket(io: CommandIo, path: string, fifo: string): Promise<void> {
  const output = io.output(fifo, 'pcapng', '--fifo');
  const connection = new TapConnection(path, (bytes) => {
    output.bytes(bytes);
    if (output.isClosed) connection.stop();
  });
  io.stdio.onStop(connection.stop);
  await connection.ended;
  output.end();
}

/** Shows lines in the log of the toolbar, where there is one: tshark has none. */
function logger(io: CommandIo, control: Output | undefined): (line: string) => void {
  return (line) => {
    io.stdio.writeError(`${printable(line)}\n`);
    if (control?.isClosed === false) control.bytes(extcapLogMessage(line));
  };
}
