import type { Command } from 'commander';
import { oneLine } from '../../base/text.js';
import { recordLine } from '../../capture/ndjson/index.js';
import { wallClock } from '../../node/clock.js';
import { MessageFeed } from '../../sim/index.js';
import { SimConnector } from '../../target/index.js';
import type { CommandIo } from '../io.js';
import { addManagerOptions, connectorOf, type ManagerOptions } from '../manager-options.js';
import { notes } from '../notes.js';
import { fromFlag, integerOption, refuseArgument } from '../options.js';
import { Stop } from '../stop.js';
import { type TextOptions, TextPrinter, textFlags } from '../text-printer.js';

interface ListenOptions extends ManagerOptions, TextOptions {
  readonly from: number;
  readonly limit?: number;
  readonly json?: true;
}

const help = `
The messages of a VM go to the connection that last spoke as it, so another peer with the same VMID gets nothing until it
sends again. "serve --tap-socket" and "relay --tap" watch without taking anything away. Ends with Ctrl-C (exit code 130),
and when the manager ends (1).

Examples:
  gunyah-rm listen --socket rm.sock
  gunyah-rm listen --from 128 --dgram /tmp --json`;

export function register(program: Command, io: CommandIo): void {
  const command = program.command('listen').description('print the messages that a manager sends to a VM');
  textFlags(addManagerOptions(command))
    .addOption(fromFlag('the VM that listens'))
    .option('--limit <n>', 'end after so many messages', integerOption('--limit'))
    .option('--json', 'NDJSON, as decode --json')
    .addHelpText('after', notes(help))
    .action((options: ListenOptions) => listen(io, options));
}

async function listen(io: CommandIo, options: ListenOptions): Promise<void> {
  const { from, limit = Number.POSITIVE_INFINITY } = options;
  const connector = connectorOf(options);
  // Nobody else speaks to a manager in this process, and by itself it sends nothing.
  if (connector instanceof SimConnector)
    refuseArgument('', '--socket, --dgram or --target with a manager that others speak to', connector.name);
  const { VMID_RM = 255 } = io.protocol.constants;
  const output = io.output('-', options.json ? 'json' : 'text');
  const text = new TextPrinter(io, options, true);
  const stop = new Stop();
  io.onInterrupt(stop.end);
  let count = 0;
  const feed = new MessageFeed((record) => {
    if (count++ < limit) output.write(options.json ? recordLine(io.protocol, record) : text.text(record));
    if (count >= limit) stop.end();
  });
  const connection = await connector.open({
    received(to, frame) {
      if (to !== from) return;
      feed.add({ from: VMID_RM, to, frame }, wallClock());
      output.flush();
      if (output.isClosed) stop.end();
    },
    settled() {},
    ended({ text }) {
      io.warn(`${connector.name}: ${oneLine(text)}`);
      io.problem();
      stop.end();
    },
  });
  try {
    connection.join(from);
    if (limit > 0) await stop.awaited;
  } finally {
    await connection.close();
    output.end();
  }
}
