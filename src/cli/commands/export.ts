import type { Command } from 'commander';
import { type ExportForm, exportForms } from '../../export/forms.js';
import { exportContext } from '../export-context.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { nameArgument } from '../options.js';

const examples = `
Forms:
  lua          dissector for Wireshark and tshark (Lua 5.1 to 5.4)
  ksy          Kaitai Struct, all messages
  c            header for C11 and C++17: packed structs, constants, assertions on every offset
  md           reference of all messages in Markdown
  json-schema  JSON Schema of the lines of decode --json
  afl-mutator  custom mutator in C99 for AFL++ and libFuzzer

Examples:
  gunyah-rm export lua -o ~/.local/lib/wireshark/plugins/gunyah_rm.lua      installs the dissector
  gunyah-rm export lua -o gunyah_rm.lua && tshark -X lua_script:gunyah_rm.lua -r boot.pcapng
  gunyah-rm export c -o gunyah_rm.h
  gunyah-rm export afl-mutator -o mutator.c && cc -O2 -shared -fPIC -o mutator.so mutator.c`;

const forms = Object.keys(exportForms) as ExportForm[];

export function register(program: Command, io: CommandIo): void {
  program
    .command('export')
    .description('write the protocol in a form that other tools read')
    .argument('<form>', forms.join(', '), nameArgument('form', forms))
    .option('-o, --output <file>', 'where to write', '-')
    .addHelpText('after', notes(examples))
    .action((form: ExportForm, { output: path }: { output: string }) => {
      io.print(path, exportForms[form](exportContext(io.protocol)), form === 'json-schema' ? 'json' : 'text');
    });
}
