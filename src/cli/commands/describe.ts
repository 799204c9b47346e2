import type { Command } from 'commander';
import { jsonText } from '../../base/json.js';
import { inputFormats } from '../../capture/input/index.js';
import { describe } from '../../docs/describe.js';
import { describeAll } from '../../docs/message-facts.js';
import { descriptionText } from '../../docs/message-text.js';
import { tableText } from '../../docs/table-text.js';
import { terminalStyle, terminalWidth } from '../../node/terminal.js';
import { handlerFacts, managers } from '../../rm/index.js';
import { formatsText } from '../formats-text.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { outputForm } from '../output-form.js';
import { errnoTables, sourceGroups as groups } from '../protocol-facts.js';

interface DescribeOptions {
  readonly formats?: true;
  readonly json?: true;
  readonly output: string;
}

/** Columns if the output is no terminal. */
const defaultWidth = 80;

const examples = `
Examples:
  gunyah-rm describe                       the table of all messages
  gunyah-rm describe VM_CONFIG_IMAGE       layout, enums, notes, example bytes
  gunyah-rm describe 0x56000009            the same by id
  gunyah-rm describe vm_status             an enum; flags and structs likewise
  gunyah-rm describe MEM_INUSE             an error; values, flags, fields and errnos likewise
  gunyah-rm describe -22                   the errors that a client returns as EINVAL
  gunyah-rm describe error                 the error codes and their errno values
  gunyah-rm describe header                the header of every queue message
  gunyah-rm describe --formats             what decode reads, with an example of each
  gunyah-rm describe --json | jq .name     NDJSON, one message per line`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('describe')
    .description('explain a message, field, type, value or error; without a name list all messages')
    .argument('[name]', 'a name in any letter case, an id in hex or decimal, or an errno')
    .option('--formats', 'the formats of inputs instead, each with an example')
    .option('--json', 'JSON, one object per line')
    .option('-o, --output <file>', 'where to write', '-')
    .addHelpText('after', notes(examples))
    .action((name: string | undefined, options: DescribeOptions) => print(io, name, options));
}

function print(io: CommandIo, name: string | undefined, options: DescribeOptions): void {
  const { output: path } = options;
  const json = outputForm(path, options.json && 'json', 'text') === 'json';
  const { protocol, stdio } = io;
  const toTerminal = path === '-';
  const style = terminalStyle(stdio, toTerminal);
  const text = { style, groups, width: (toTerminal ? terminalWidth(stdio) : undefined) ?? defaultWidth };
  const line = (value: unknown) => `${jsonText(value)}\n`;
  let printed: string;
  if (options.formats)
    printed = json
      ? inputFormats
          .map(({ name: format, summary, example }) => line({ name: format, summary, example }))
          .join('')
      : formatsText();
  else if (name === undefined) {
    const families = describeAll(protocol);
    const messages = families.flatMap((family) => family.messages);
    printed = json ? messages.map(line).join('') : tableText(families, text);
  } else {
    const answers = new Map(Object.values(managers).map(({ name, rows }) => [name, handlerFacts(rows)]));
    const description = describe(protocol, name, errnoTables, answers);
    printed = json ? line(description) : descriptionText(description, text);
  }
  io.print(path, printed, json ? 'json' : 'text');
}
