import type { Command } from 'commander';
import { WireError } from '../../base/error.js';
import { CaptureInput } from '../../capture/input/index.js';
import { openBrowser } from '../../node/browser.js';
import { inspectorPage, inspectorPageOf, livePage } from '../../node/inspector-page.js';
import { LiveCapture } from '../../node/live-capture.js';
import { PageServer } from '../../node/page-server.js';
import { Spool } from '../../node/spool.js';
import { TapConnection } from '../../node/tap-server.js';
import { type CommandIo, nameOfInput } from '../io.js';
import { notes } from '../notes.js';
import { integerOption, refuseOption } from '../options.js';
import { Stop } from '../stop.js';

interface InspectOptions {
  readonly output?: string;
  readonly follow?: true;
  readonly socket?: string;
  readonly port: number;
  /** False with `--no-open`. */
  readonly open: boolean;
}

const examples = `
The page is one file with everything in it: it asks nothing of any network and runs from a disk. Without FILE it takes a
file that is dropped on it. Marks and notes become comments of packets, and Save keeps them in a pcapng file: the
page never writes to FILE. Served, it ends with SIGINT.

With --follow or --socket the page grows while it is watched; it takes up to two million messages. --follow also goes on
when another file takes the place of FILE. --socket takes the socket of "serve", of "serve --tap-socket" or of "relay",
and shows the messages from then on.

Examples:
  gunyah-rm inspect boot.pcapng                    in the browser, until Ctrl-C
  gunyah-rm inspect boot.pcapng -o boot.html       to be kept, sent, opened anywhere
  gunyah-rm inspect --follow live.pcapng           while it is recorded
  gunyah-rm inspect --socket rm.sock               what a running manager does
  gunyah-rm inspect -o inspect.html                the page alone`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('inspect')
    .description('look at a capture in the browser: messages, fields and bytes, lanes, overview')
    .argument('[file]', 'pcapng, pcap, NDJSON or hex dump, also packed with gzip; - for standard input')
    .option('-o, --output <file>', 'write the page; - for standard output')
    .option('--follow', 'go on reading when the end of the file is reached')
    .option('--socket <path>', 'watch a running manager')
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
  if (options.follow || options.socket !== undefined) return watch(io, file, options);
  const output = options.output === undefined ? undefined : io.output(options.output, 'html');
  const page =
    file === undefined
      ? [await inspectorPage()]
      : await inspectorPageOf(io.files, file, (pieces) => check(io, file, pieces));
  if (output !== undefined) {
    for (const piece of page) output.write(piece);
    output.end();
    return;
  }
  await serve(io, [...page].join(''), options);
}

/** Serves the page until the user stops it, or until `ended`. */
async function serve(
  io: CommandIo,
  page: string,
  options: InspectOptions,
  live?: LiveCapture,
  ended?: Promise<void>,
): Promise<void> {
  const stop = new Stop();
  const server = await PageServer.listen(page, options.port, live);
  io.stdio.onStop(stop.end);
  // What was seen until then is shown on: the page goes on until the user stops it.
  ended?.then(() => io.warn('the manager has ended the connection'), stop.fail);
  io.note(`ready: ${server.url}`);
  if (options.open) openBrowser(server.url);
  try {
    await stop.awaited;
  } finally {
    await server.close();
  }
}

/** Serves a page that grows with its capture. */
async function watch(io: CommandIo, file: string | undefined, options: InspectOptions): Promise<void> {
  const { socket } = options;
  if (options.output !== undefined)
    refuseOption('--output', 'no --follow and no --socket', 'a page that is kept');
  if ((file === undefined) === (socket === undefined))
    refuseOption('inspect', 'a file to follow or --socket', file === undefined ? 'neither' : 'both');
  if (file === '-') refuseOption('--follow', 'a file', 'standard input');
  const capture = (path: string) =>
    new LiveCapture(
      io.protocol,
      (gone) => io.files.follow(path, gone),
      (text) => io.warn(`${path}: ${text}`),
    );
  if (file !== undefined) {
    // A file that is not there is an error now, not when the page asks for it.
    io.files.pieces(file).next();
    await serve(io, await livePage(file), options, capture(file));
    return;
  }
  const spool = new Spool();
  const connection = new TapConnection(socket as string, (bytes) => spool.add(bytes));
  try {
    await Promise.race([connection.begun, connection.ended]);
    const live = capture(spool.path);
    await serve(io, await livePage(socket as string), options, live, connection.ended);
  } finally {
    connection.stop();
    spool.close();
  }
}
