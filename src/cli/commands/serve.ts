import type { Command } from 'commander';
import { protocol } from '../../../schemas/index.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { LineCutter } from '../../capture/packets/index.js';
import { LiveLinter, lintForms, rules } from '../../lint/index.js';
import { FileError } from '../../node/file-error.js';
import { readPieces, readWholeFile } from '../../node/input.js';
import { Tap } from '../../node/tap.js';
import { serveTap, Watchers } from '../../node/tap-server.js';
import { terminalStyle, terminalWidth } from '../../node/terminal.js';
import { DatagramServer } from '../../node/unix-dgram.js';
import { StreamServer } from '../../node/unix-stream.js';
import { version } from '../../node/version.js';
import { type ManagerProfile, type PanicReason, type PlatformProfile, panicPlaces } from '../../rm/index.js';
import { LiveManager } from '../../serve/index.js';
import { LineServer, SimTarget } from '../../target/index.js';
import type { CommandIo } from '../io.js';
import { peerList } from '../lint-options.js';
import { type Load, loadedContents, loadedFiles, readLoads } from '../loads.js';
import { notes } from '../notes.js';
import { type FileAt, loadFlag, refuseOption } from '../options.js';
import { managerFlag, platformFlag } from '../profile-options.js';
import { Stop } from '../stop.js';

/** Bytes of answers for which there is room at the start. */
const ANSWERS_SIZE = 1 << 16;

interface ServeOptions {
  readonly socket?: string;
  readonly dgram?: string;
  readonly stdio?: true;
  readonly tap?: string;
  readonly tapSocket?: string;
  readonly load: readonly FileAt[];
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  readonly rebootOnPanic?: true;
  readonly lint?: ReadonlySet<string> | true;
}

const help = `
A record on the socket: u16le length of what follows, u16le source VMID, u16le destination VMID (255), the queue
message. A VM belongs to the connection that last sent as it; an empty message is enough for that. An empty message from
VMID 65535 to VMID 65535 makes a connection watch: it gets all messages as pcapng from then on. Datagrams are queue
messages: the manager receives as DIR/rm-rpc-3-255 and sends to DIR/rm-rpc-255-3, which the VM binds. A VM that does not
read fills its queue of 8 messages; then the manager drops replies, as the real one does.

SIGINT and SIGTERM end it. --dgram needs the package unix-dgram, which is native code.

Examples:
  gunyah-rm serve --socket rm.sock --tap live.pcapng
  gunyah-rm serve --socket rm.sock --tap-socket tap.sock      for Wireshark, see capture --extcap-install
  gunyah-rm serve --socket rm.sock --lint rm23,a15
  gunyah-rm serve --dgram /tmp --load 0x89000000=vm.dtb --reboot-on-panic
  gunyah-rm fuzz --target 'exec:gunyah-rm serve --stdio' --time 60`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('serve')
    .description('the simulated resource manager, live')
    .option('--socket <path>', 'take connections on this unix stream socket')
    .option('--dgram <dir>', 'unix datagrams with names in this directory')
    .option('--stdio', 'speak the line protocol of fuzz --target exec: on standard input and output')
    .option('--tap <file>', 'record everything in a pcapng file; - for standard output')
    .option('--tap-socket <path>', 'whoever connects there gets everything from then on as pcapng')
    .addOption(loadFlag('have a file in guest physical memory at every boot; repeatable'))
    .addOption(platformFlag())
    .addOption(managerFlag('rm23'))
    .option('--careful', 'answer with an error where the real manager dies')
    .option('--reboot-on-panic', 'boot again when the manager has died, instead of falling silent')
    .option(
      '--lint [list]',
      'print what will kill the manager or hurt its clients; LIST: peers as in lint',
      peerList,
    )
    .addHelpText('after', notes(help))
    .action((options: ServeOptions) => serve(io, options));
}

async function serve(io: CommandIo, options: ServeOptions): Promise<void> {
  const { socket, dgram } = options;
  if (options.stdio === true) {
    serveLines(io, options);
    return;
  }
  if (socket === undefined && dgram === undefined)
    refuseOption('serve', '--socket, --dgram or --stdio', 'neither');
  const memory = readLoads(io.files, options.load);
  const stop = new Stop();
  const tap =
    options.tap === undefined
      ? undefined
      : new Tap(io.stdio, options.tap, io.output(options.tap, 'pcapng', '--tap'), {
          warn: (text) => io.warn(text),
          closed: stop.end,
        });
  const { tapSocket } = options;
  const watchers = new Watchers();
  const endTap = tapSocket === undefined ? undefined : await serveTap(tapSocket, watchers);
  const lint = options.lint === undefined ? undefined : liveLint(io, options, options.lint, memory);
  const live = new LiveManager({
    platform: options.platform,
    manager: options.manager,
    careful: options.careful === true,
    memory,
    rebootOnPanic: options.rebootOnPanic === true,
    onPanic: (reason) => {
      io.warn(panicText(reason, options.rebootOnPanic === true));
      if (options.rebootOnPanic === true) lint?.rebooted();
    },
    onMessage: (from, to, message, refusal) => {
      tap?.message(from, to, message, refusal);
      watchers.message(from, to, message, refusal);
      if (lint === undefined || refusal !== undefined) return;
      lint.message(from, to, message);
      // The manager handles it before anything else can come.
      if (to === protocol.constants.VMID_RM) queueMicrotask(() => lint.settled());
    },
  });
  const servers: { close(): void | Promise<void> }[] = [];
  io.stdio.onStop(() => stop.end());
  try {
    if (dgram !== undefined) servers.push(new DatagramServer(dgram, live, (text) => io.warn(text)));
    if (socket !== undefined) servers.push(await StreamServer.listen(socket, live, watchers));
    tap?.open();
    io.note(`ready: ${[socket, dgram].filter((name) => name !== undefined).join(' and ')}`);
    await stop.awaited;
  } finally {
    for (const server of servers) await server.close();
    watchers.close();
    await endTap?.();
    lint?.end();
    await tap?.end();
  }
}

/** Prints findings while they are made. */
function liveLint(
  io: CommandIo,
  { platform, manager, tap }: ServeOptions,
  peers: ReadonlySet<string> | true,
  memory: readonly Load[],
): LiveLinter {
  if (tap === '-') refuseOption('--lint', 'a --tap that is a file', '-');
  const output = io.output('-', 'text', '--lint');
  const style = terminalStyle(io.stdio, true);
  const report = lintForms.text({
    style,
    width: Math.min(terminalWidth(io.stdio) ?? 80, 80),
    rules,
    version: version(),
  });
  const files = loadedContents(memory);
  return new LiveLinter(
    {
      platform,
      manager,
      peers: peers === true ? undefined : peers,
      file: (name) => files.get(name),
      finding: (finding) => {
        report.finding('live', finding, output);
        output.flush();
      },
    },
    loadedFiles(memory),
  );
}

/** The manager as a program that speaks the line protocol (cli.md, "Line protocol of exec targets"). */
function serveLines(
  io: CommandIo,
  { platform, manager, careful, load, socket, dgram, tap }: ServeOptions,
): void {
  const other = [socket, dgram, tap].some((option) => option !== undefined) || load.length > 0;
  if (other) refuseOption('--stdio', 'without --socket, --dgram, --tap and --load', 'both');
  const target = new SimTarget({ platform, profile: manager, careful: careful === true });
  const server = new LineServer(target, readableFile);
  const answers = new ByteWriter(ANSWERS_SIZE);
  const lines = new LineCutter((data, start, end) => server.answer(data, start, end, answers));
  io.stdio.write(Buffer.from('ready\n'));
  for (const chunk of readPieces(io.stdio, '-')) {
    answers.at = 0;
    lines.push(chunk);
    if (!io.stdio.write(answers.bytes.subarray(0, answers.at))) return;
  }
}

function readableFile(name: string): Uint8Array | undefined {
  try {
    return readWholeFile(name);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

function panicText(reason: PanicReason, reboot: boolean): string {
  const { message, state, effect } = panicPlaces[reason];
  const then = reboot ? 'booting again' : 'silent from now on';
  return `the manager has died, ${reason} (${message}: ${state}; ${effect}); ${then}`;
}
