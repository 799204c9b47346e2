import type { Command } from 'commander';
import { printable } from '../../base/text.js';
import { checkFixtures } from '../../golden/check.js';
import { countByProvenance } from '../../golden/evidence.js';
import { goldenFormats as formats, goldenFiles, goldenText } from '../../golden/files.js';
import { type Fixture, provenances } from '../../golden/fixture.js';
import { fixturesOf, messagesNamed } from '../../golden/generate.js';
import type { FixtureJson } from '../../golden/json.js';
import { readFixtures } from '../../golden/read.js';
import type { Message } from '../../schema/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { nameOption, refuseOption } from '../options.js';
import { storedEvidence } from '../stored-evidence.js';

interface GoldenOptions {
  readonly format: (typeof formats)[number];
  readonly message?: readonly string[];
  readonly out?: string;
  readonly check?: string;
  readonly compact?: true;
}

const examples = `
Each fixture has a name (VM_START.request.typical), the payload bytes and the queue messages, and says where its bytes
come from: recorded traffic, a public client's encoder, the independent layout tables, or only our own encoder.
Exit code of --check: 0 as they were, 1 changed.

Examples:
  gunyah-rm golden --message VM_START                 JSON to standard output
  gunyah-rm golden --format c --out include           packed structs and byte arrays
  gunyah-rm golden --format bin --message MEM_SHARE --out raw
  gunyah-rm golden --check captures/golden            what has changed, field by field`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('golden')
    .description('write byte fixtures of all messages for the tests of other programs, or check them')
    .option('--format <format>', formats.join(', '), nameOption('--format', formats), 'json')
    .option('--message <name...>', 'only these messages')
    .option('--out <dir>', 'folder to write into; standard output without it')
    .option('--compact', 'JSON: of payloads above 1024 bytes only the frames')
    .option('--check <dir>', 'compare with the fixtures in a folder instead of writing')
    .addHelpText('after', notes(examples))
    .action((options: GoldenOptions) => golden(io, options));
}

function golden(io: CommandIo, options: GoldenOptions): void {
  const { format } = options;
  const messages = messagesNamed(io.protocol, options.message ?? []);
  // To make the fixtures takes seconds: what can be refused without them comes first.
  const fixtures = (): Fixture[] => {
    const evidence = storedEvidence();
    return messages.flatMap((message) => fixturesOf(io.protocol, message, evidence));
  };
  if (options.check !== undefined) {
    const only = options.message === undefined ? undefined : messages;
    const stored = storedFixtures(io, options.check, only);
    reportCheck(io, stored, fixtures());
  } else if (options.out === undefined) {
    if (format === 'bin') refuseOption('--format', '--out with bin', 'bin');
    io.print('-', goldenText(io.protocol, fixtures(), format, options.compact));
  } else io.files.writeFolder(options.out, goldenFiles(io.protocol, fixtures(), format, options.compact));
}

/** The fixtures in a folder: of all messages, or of those given. */
function storedFixtures(io: CommandIo, folder: string, only: readonly Message[] | undefined): FixtureJson[] {
  const wanted = only && new Set(only.map(({ name }) => `${name}.json`));
  const isSet = (name: string) =>
    /^[A-Z][A-Z0-9_]*\.json(?:\.gz|\.zst)?$/.test(name) &&
    (wanted?.has(name.replace(/\.(?:gz|zst)$/, '')) ?? true);
  return io.files.folder(folder, isSet).flatMap((file) => readFixtures(file.path, file.content));
}

function reportCheck(io: CommandIo, stored: FixtureJson[], fixtures: Fixture[]): void {
  const changes = checkFixtures(io.protocol, stored, fixtures);
  const output = io.output('-');
  for (const { name, text } of changes) output.write(`${printable(`${name}: ${text}`)}\n`);
  const counts = countByProvenance(fixtures);
  const parts = provenances.map((name) => `${counts[name]} ${name}`).join(', ');
  const changed = new Set(changes.map(({ name }) => name)).size;
  output.write(`${fixtures.length} fixtures (${parts}), ${changed} changed\n`);
  output.end();
  if (changed > 0) io.problem();
}
