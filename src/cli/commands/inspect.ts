import type { Command } from 'commander';
import { WireError } from '../../base/error.js';
import { CaptureInput } from '../../capture/input/index.js';
import { openBrowser } from '../../node/browser.js';
import { inspectorPage, inspectorPageOf } from '../../node/inspector-page.js';
import { PageServer } from '../../node/page-server.js';
import { type CommandIo, nameOfInput } from '../io.js';
import { notes } from '../notes.js';
import { integerOption } from '../options.js';

interface InspectOptions {
  readonly output?: string;
  readonly port: number;
  /** False with `--no-open`. */
  readonly open: boolean;
}

const examples = `
The page is one file with everything in it: it asks nothing of any network and runs from a disk. Without FILE it takes a
file that is dropped on it. Served, it ends with SIGINT.

Examples:
  gunyah-rm inspect boot.pcapng                    in the browser, until Ctrl-C
  gunyah-rm inspect boot.pcapng -o boot.html       to be kept, sent, opened anywhere
  gunyah-rm inspect -o inspect.html                the page alone`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('inspect')
    .description('look at a capture in the browser: messages, fields and bytes, lanes, overview')
    .argument('[file]', 'pcapng, pcap, NDJSON or hex dump, also packed with gzip; - for standard input')
    .option('-o, --output <file>', 'write the page; - for standard output')
    .option(
      '--port <number>',
      'port of this machine to serve it on, 0 = any',
      integerOption('--port', 0xffff),
      0,
    )
    .option('--no-open', 'only tell the address, open no browser')
    .addHelpText('after', notes(examples))
    .action((file: string | undefined, options: InspectOptions) => inspect(io, file, options));
}

/** Reads until the first packet. @throws WireError if there is none because the capture cannot be read. */
async function check(io: CommandIo, file: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let packets = 0;
  const ignore = () => {};
  const input = new CaptureInput(io.protocol, undefined, () => void packets++, ignore);
  try {
    for await (const piece of pieces) {
      input.push(piece);
      if (packets > 0) return;
    }
    input.end();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    // The page shows what came before an error, and the error.
    if (packets === 0) throw error.within(`${nameOfInput(file)}: `);
  }
}

async function inspect(io: CommandIo, file: string | undefined, options: InspectOptions): Promise<void> {
  const output = options.output === undefined ? undefined : io.output(options.output, 'html');
  const page = await (file === undefined
    ? inspectorPage()
    : inspectorPageOf(io.files, file, (pieces) => check(io, file, pieces)));
  if (output !== undefined) {
    output.write(page);
    output.end();
    return;
  }
  const server = await PageServer.listen(page, options.port);
  const stopped = new Promise<void>((done) => io.stdio.onStop(done));
  io.note(`ready: ${server.url}`);
  if (options.open) openBrowser(server.url);
  await stopped;
  await server.close();
}
