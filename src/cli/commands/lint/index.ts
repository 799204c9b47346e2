import { type Command, Option } from 'commander';
import { levels, lintFormNames, peerNames, rulesById } from '../../../lint/index.js';
import type { CommandIo } from '../../io.js';
import { peerList } from '../../lint-options.js';
import { notes } from '../../notes.js';
import { jobsFlag, loadFlag, nameOption, oneOf, outsideFlag } from '../../options.js';
import { managerFlag, platformFlag } from '../../profile-options.js';
import type { LintOptions } from './options.js';
import { lint } from './run.js';

const help = `
Recordings have all that the manager depends on. A capture shows messages only: what VM_INIT and VM_START do depends on
the devicetree, which --load puts in memory, and without it nothing is said about VMs that have one. --notes prints what
cannot be known. Numbers that the manager chose are taken from its replies.

Exit code 1 when something was found.

Examples:
  gunyah-rm lint boot.pcapng
  gunyah-rm lint --level leaks --peer rm23,a14 recordings/*.ndjson
  gunyah-rm lint --format sarif boot.pcapng > boot.sarif
  gunyah-rm lint --write-baseline known.json boot.pcapng
  gunyah-rm lint --baseline known.json boot.pcapng
  gunyah-rm lint --explain rm23/vm-dealloc-unknown-vmid`;

const collectRule = (text: string, list: readonly string[]) => [
  ...list,
  oneOf([...rulesById.keys()], text, '--ignore'),
];

export function register(program: Command, io: CommandIo): void {
  program
    .command('lint')
    .description('find what will kill the manager, or hurt its clients')
    .argument('[file...]', 'recordings or captures; - for standard input')
    .option('--peer <list>', `whom it may hit: ${peerNames.join(', ')}; without it all`, peerList)
    .option(
      '--level <level>',
      `that and worse: ${levels.join(', ')}`,
      nameOption('--level', levels),
      'suspicious',
    )
    .addOption(
      new Option('--ignore <rule>', 'leave a rule out; repeatable')
        .argParser(collectRule)
        .default([], 'none'),
    )
    .option(
      '--format <form>',
      `form of the report: ${lintFormNames.join(', ')}`,
      nameOption('--format', lintFormNames),
      'text',
    )
    .option('--json', 'the same as --format json')
    .option('--baseline <file>', 'leave out the findings that are known')
    .option('--write-baseline <file>', 'write down the findings as known ones')
    .addOption(platformFlag())
    .addOption(managerFlag('the one that the recording names, else rm23'))
    .addOption(loadFlag('have a file in memory when a capture begins; repeatable'))
    .addOption(outsideFlag())
    .addOption(
      jobsFlag(
        'threads for a large capture: of two, one runs the model of the manager; less time, more work and memory',
      ),
    )
    .option('--notes', 'also print what cannot be known')
    .option('--rules', 'print all rules')
    .option('--explain <rule>', 'print a rule, with a recording that shows it')
    .addHelpText('after', notes(help))
    .action((files: string[], options: LintOptions) => lint(io, files, options));
}
