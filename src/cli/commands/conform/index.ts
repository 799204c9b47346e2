import { type Command, Option } from 'commander';
import { reportFormNames } from '../../../conform/index.js';
import type { CommandIo } from '../../io.js';
import { notes } from '../../notes.js';
import { integerOption, loadFlag, oneOf } from '../../options.js';
import { managerFlag, platformFlag } from '../../profile-options.js';
import { LIMIT_MS, targetForms } from '../../target-option.js';
import { type ClientCaseOptions, conformClient } from './client.js';
import { conformRm, type ManagerCaseOptions } from './rm.js';

const IDLE_MS = 500;
const WAIT_MS = 30_000;

const rmHelp = `
A case is required when the protocol breaks without it, and observed when it is how the public manager does it. Each case
has a manager of its own: exec:COMMAND is started anew, and --monitor names a command that makes a socket target boot.
Without it cases on a socket follow each other: those that need a boot or a devicetree are skipped, the others take back
what they make and do not mind notifications of others. blocked: the state that a case begins with was not reached.

Cases load a devicetree. For a target that cannot load one, --write-devicetree FILE writes it: have it at 0x89000000 at each
boot, and say so with --loaded.

Exit code 1 when a case failed or was blocked. --out writes a recording of each, which replay takes.

Examples:
  gunyah-rm conform rm
  gunyah-rm conform rm --target 'exec:./manager --stdio' --format junit -o report.xml --out failures
  gunyah-rm conform rm --target socket:rm.sock --filter framing --filter fragments
  gunyah-rm conform rm --list --filter required`;

const clientHelp = `
Plays the manager for a client, which connects to the socket as it does to "serve --socket". Each connection is one case: in
the first all is as usual, in the others the manager misbehaves in one way. The client does the same in each, such as to make
a VM, start it and take everything back, and then disconnects; it is disconnected when nothing has come for --idle.

Checked: that it sends whole messages and no request twice; that it goes on as usual where a message should be dropped; that
after an error the manager has nothing left of it. A case about a message that the client does not send is skipped.

Examples:
  gunyah-rm conform client --socket rm.sock --load 0x89000000=vm.dtb &
  while ./client rm.sock; do :; done`;

const collect = (text: string, list: readonly string[]) => [...list, text];

function addReportOptions(command: Command): Command {
  return command
    .option(
      '--format <form>',
      `form of the report: ${reportFormNames.join(', ')}`,
      (form) => oneOf(reportFormNames, form, '--format'),
      'text',
    )
    .option('-o, --output <file>', 'where to write it', '-')
    .addOption(
      new Option('--filter <text>', 'only cases with this in their name, chapter or level; repeatable')
        .argParser(collect)
        .default([], 'all'),
    )
    .option('--list', 'print the cases instead of running them')
    .option('--out <dir>', 'folder for a recording of each case that failed');
}

export function register(program: Command, io: CommandIo): void {
  const conform = program
    .command('conform')
    .description('check that a manager, or a client, does what the protocol says');
  addReportOptions(
    conform
      .command('rm')
      .description('check a resource manager')
      .option('--target <target>', targetForms, 'sim')
      .option('--limit <ms>', 'time for each answer', integerOption('--limit'), LIMIT_MS)
      .option('--monitor <command>', 'command that makes a socket target boot')
      .option('--loaded', 'the devicetree is in memory at each boot')
      .option('--write-devicetree <file>', 'write the devicetree that cases use, and do nothing else'),
  )
    .addOption(platformFlag())
    .addOption(managerFlag('rm23'))
    .option('--careful', 'the simulated manager answers with an error where the real one dies')
    .addHelpText('after', notes(rmHelp))
    .action((options: ManagerCaseOptions) => conformRm(io, options));
  addReportOptions(
    conform
      .command('client')
      .description('check a client: play the manager for it')
      .requiredOption('--socket <path>', 'take its connections on this unix stream socket')
      .option(
        '--idle <ms>',
        'time without messages after which a session ends',
        integerOption('--idle'),
        IDLE_MS,
      )
      .option('--wait <ms>', 'time for the client to connect', integerOption('--wait'), WAIT_MS),
  )
    .addOption(loadFlag('have a file in guest physical memory at every boot; repeatable'))
    .addOption(platformFlag())
    .addOption(managerFlag('rm23'))
    .addHelpText('after', notes(clientHelp))
    .action((options: ClientCaseOptions) => conformClient(io, options));
}
