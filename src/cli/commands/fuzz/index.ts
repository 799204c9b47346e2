import type { Command } from 'commander';
import { readShard } from '../../../fuzz/engine/shard.js';
import type { CommandIo } from '../../io.js';
import { notes } from '../../notes.js';
import { integerOption, nameOption, outsideFlag } from '../../options.js';
import { managerFlag, platformFlag, platformNames, platformOption } from '../../profile-options.js';
import { LIMIT_MS, targetForms } from '../../target-option.js';
import { type CorpusOptions, writeCorpus } from './corpus.js';
import { type ExportFindingsOptions, exportFindings, findingFormNames } from './export.js';
import { runJobs } from './jobs.js';
import { mergeFolders } from './merge.js';
import { type MinimiseOptions, minimiseFolder } from './minimise.js';
import { type ReproduceOptions, reproduce } from './reproduce.js';
import { run } from './run.js';
import type { RunOptions } from './run-options.js';

const PLAYS = 2000;

const help = `
Targets
  sim            the simulated manager, in this process
  exec:COMMAND   a program that speaks the line protocol: reads "tx VMID HEX" and "load ADDRESS FILE", answers "rx VMID HEX"
                 any number of times and "ok"; prints "ready" once. Its end is a crash; what it prints on stderr
                 (AddressSanitizer's report) is kept. Started anew for every case unless it knows "reset". More lines,
                 coverage and fork: docs/fuzz-a-program.md. "gunyah-rm serve --stdio" is such a program.
  socket:PATH    a running "serve --socket" or a bridge to a device. --monitor COMMAND makes it fresh: it is run between
                 cases, with GUNYAH_RM_ENDING saying how the last one ended. Without it all cases are one long session,
                 nothing is minimised, and the first crash or hang ends the campaign.
  dgram:DIR      the same behind unix datagrams, as "serve --dgram" has them.

The oracle is a simulated manager that gets the same messages as the target (--no-reference, and sim by default: only the
rules that hold for all replies). A case depends on the seed and its number only: --case runs that one.

Exit code 1 when something was found. --out writes everything into a folder, from which the same command continues after
it was stopped or killed: findings/*.ndjson (recordings, which replay and fuzz reproduce take), summary.txt,
coverage.txt, report.html.

Examples:
  gunyah-rm fuzz --time 60 --out campaign
  gunyah-rm fuzz --target 'exec:./manager --stdio' --message MEM_LEND MEM_ACCEPT --runs 10000
  gunyah-rm fuzz --target sim --seed 1 --case 4711
  gunyah-rm fuzz reproduce campaign/findings/finding-001-panic-vm-exit-not-running.ndjson
  gunyah-rm fuzz corpus --out corpus`;

const corpusHelp = `
OUT/messages has one file per message: its queue messages one after the other, each with its header, as they travel. A
message of one queue message is a file of at most 240 bytes. OUT/payloads has the same messages without headers, for
targets behind reassembly. OUT/gunyah-rm.dict is a dictionary for libFuzzer and AFL++.

  gunyah-rm fuzz corpus --out corpus
  ./target -max_len=240 -dict=corpus/gunyah-rm.dict corpus/messages
  afl-fuzz -i corpus/messages -x corpus/gunyah-rm.dict -o found -- ./target @@`;

export function register(program: Command, io: CommandIo): void {
  const fuzz = program
    .command('fuzz')
    .description('send invalid and unusual messages to a resource manager and report what it does wrong')
    .enablePositionalOptions()
    .option('--target <target>', targetForms, 'sim')
    .option('--seed <n>', 'seed of all random numbers', integerOption('--seed', 0xffffffff), 1)
    .option('--runs <n>', 'number of cases', integerOption('--runs'))
    .option('--time <seconds>', 'how long; 60 when neither --runs nor --case says', integerOption('--time'))
    .option('--case <n>', 'only the case of this number', integerOption('--case'))
    .option('--message <name...>', 'mutate only these messages')
    .option('--out <dir>', 'folder of the campaign')
    .addOption(platformFlag())
    .addOption(managerFlag('rm23'))
    .option('--careful', 'the manager (and the reference) answers with an error where the real one dies')
    .option('--reference', 'compare with the simulated manager: for all targets but sim unless told')
    .option('--no-reference', 'do not')
    .option('--limit <ms>', 'time for each answer', integerOption('--limit'), LIMIT_MS)
    .option('--monitor <command>', 'command that makes a socket target fresh')
    .option('--plays <n>', 'most sessions played to minimise one finding', integerOption('--plays'), PLAYS)
    .option('--jobs <n>', 'processes that share the cases', integerOption('--jobs', 1024, 1))
    .option('--shard <i/n>', 'only this part of the cases; auto/n asks the variables of a cluster', (text) =>
      readShard(text, io.stdio.env),
    )
    .addHelpText('after', notes(help))
    .action((options: RunOptions) =>
      (options.jobs ?? 1) > 1 && options.case === undefined
        ? runJobs(io, options, options.jobs ?? 1)
        : run(io, options),
    );
  fuzz
    .command('merge')
    .description('unite campaigns or shards: one finding for each cause, and a report on the whole')
    .argument('<dir...>', 'folders of campaigns, or of their shards')
    .requiredOption('--out <dir>', 'folder to write into')
    .action((folders: string[], options: { readonly out: string }) => mergeFolders(io, folders, options.out));
  fuzz
    .command('minimise')
    .description('make the findings of a campaign smaller, for as long as that takes')
    .argument('<dir>', 'folder of the campaign')
    .option('--target <target>', 'another target than the findings name')
    .option('--no-reference', 'do not compare with the simulated manager')
    .option('--limit <ms>', 'time for each answer', integerOption('--limit'), LIMIT_MS)
    .option('--plays <n>', 'most sessions played for one finding', integerOption('--plays'), PLAYS)
    .action((folder: string, options: MinimiseOptions) => minimiseFolder(io, folder, options));
  fuzz
    .command('export')
    .description('write the findings of a campaign for the tests of others: an array in C, or JUnit')
    .argument('<dir>', 'folder of the campaign')
    .requiredOption('--format <form>', findingFormNames.join(', '), nameOption('--format', findingFormNames))
    .option('-o, --output <file>', 'where to write', '-')
    .action((folder: string, options: ExportFindingsOptions) => exportFindings(io, folder, options));
  fuzz
    .command('reproduce')
    .description('play the session of a finding, or of any recording, and say what goes wrong')
    .argument('<file>', 'finding; - for standard input')
    .option('--target <target>', 'another target than the file names')
    .option('--platform <name>', `whose machine: ${platformNames}`, platformOption)
    .addOption(managerFlag('that of the finding'))
    .option('--careful', 'answer with an error where the real manager dies')
    .option('--no-reference', 'do not compare with the simulated manager')
    .option('--limit <ms>', 'time for each answer', integerOption('--limit'), LIMIT_MS)
    .option('--monitor <command>', 'command that makes a socket target fresh')
    .addOption(outsideFlag())
    .action((file: string, options: ReproduceOptions) => reproduce(io, file, options));
  fuzz
    .command('corpus')
    .description(
      'raw messages and a dictionary for libFuzzer and AFL++: goldens, recorded messages, findings',
    )
    .requiredOption('--out <dir>', 'folder to write into')
    .option('--from <file...>', 'also the messages of these findings, recordings or captures')
    .addOption(outsideFlag())
    .addHelpText('after', notes(corpusHelp))
    .action((options: CorpusOptions) => writeCorpus(io, options));
}
