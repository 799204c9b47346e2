import type { Command } from 'commander';
import { type CaptureForm, captureOutput } from '../capture-output.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { nameOption } from '../options.js';
import { outputForm } from '../output-form.js';

const forms = ['pcapng', 'hex', 'bin'] as const satisfies readonly CaptureForm[];

const examples = `
Examples:
  gunyah-rm encode messages.ndjson -o messages.pcapng
  gunyah-rm decode boot.pcapng --json | gunyah-rm encode - -o copy.pcapng     every packet comes back
  echo '{"name":"VM_START","payload":{"vmid":128}}' | gunyah-rm encode -`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('encode')
    .description('make queue messages of NDJSON, as decode --json prints it or written by hand')
    .argument('<file>', 'NDJSON; - for standard input')
    .option(
      '--to <form>',
      'pcapng, hex or bin: what the ending of the output says, else hex',
      nameOption('--to', forms),
    )
    .option('-o, --output <file>', 'where to write', '-')
    .addHelpText('after', notes(examples))
    .action((file: string, { to, output }: { to?: CaptureForm; output: string }) => {
      const named = outputForm(output, to, 'hex');
      return encode(io, file, output, forms.find((form) => form === named) ?? 'hex');
    });
}

async function encode(io: CommandIo, file: string, path: string, form: CaptureForm): Promise<void> {
  const output = captureOutput(io, path, form);
  await io.readCaptures([file], 'ndjson', output.packet, output.flush);
  output.end();
}
