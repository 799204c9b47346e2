import type { Command } from 'commander';
import { issueOf, UsageError, WireError } from '../../base/error.js';
import { formatHex, parseHex } from '../../base/hex.js';
import { parseJson } from '../../base/json.js';
import { oneLine } from '../../base/text.js';
import { payloadFromWords } from '../../capture/keys/index.js';
import { linePackets, recordLine } from '../../capture/ndjson/index.js';
import { isProblem } from '../../capture/print/index.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import { wallClock, wallClockMs } from '../../node/clock.js';
import { FileError } from '../../node/file-error.js';
import { deadline } from '../../node/timing.js';
import { type Call, type Message, messageChoice, messageNamed, messageWithId } from '../../schema/index.js';
import { MessageFeed } from '../../sim/index.js';
import type { Connector } from '../../target/index.js';
import type { CommandIo } from '../io.js';
import { addManagerOptions, connectorOf, type ManagerOptions } from '../manager-options.js';
import { notes } from '../notes.js';
import { fromFlag, integerOption } from '../options.js';
import { TextPrinter } from '../text-printer.js';

const TIMEOUT_MS = 5000;

interface CallOptions extends ManagerOptions {
  readonly from: number;
  readonly seq?: number;
  readonly timeout: number;
  readonly json?: true;
  readonly all?: true;
}

const help = `
The request: key=value for each field, one JSON object, or the payload as hex. Names and values in any letter case.
  vmid=128  vmid=HLOS  size=32MiB  flags=FORCE_STOP  rights=R,W      lists and flags that are not given are empty
  acl_entries[0].vmid=128  acl_entries[0].rights=R,W                 entries of lists
  sgl_entries='[{"ipa":"0x88000000","size":"0x2000000"}]'            a list as JSON

Without --socket, --dgram or --target a simulated manager is asked that has just booted. Exit code 1 when the reply is an
error, is malformed, or does not come in time; 3 when the manager cannot be reached.

Examples:
  gunyah-rm call VM_GET_VMID
  gunyah-rm call vm_alloc_vmid vmid=0 --socket rm.sock
  gunyah-rm call VM_GET_STATE '{"vmid":128}' --socket rm.sock --json
  gunyah-rm call MEM_SHARE mem_type=NORMAL label=1 acl_entries[0].vmid=128 acl_entries[0].rights=R,W \\
    sgl_entries[0].ipa=0x88000000 sgl_entries[0].size=1MiB --dgram /tmp`;

export function register(program: Command, io: CommandIo): void {
  const command = program
    .command('call')
    .description('send one request to a manager and print the reply')
    .argument('<message>', 'name or id of the message')
    .argument('[request...]', 'key=value ..., a JSON object, or hex');
  addManagerOptions(command)
    .addOption(fromFlag('the VM that sends it'))
    .option('--seq <n>', 'its sequence number; from the clock unless told', integerOption('--seq', 0xffff))
    .option('--timeout <ms>', 'how long to wait for the reply', integerOption('--timeout'), TIMEOUT_MS)
    .option('--all', 'print also the request, and what comes before the reply')
    .option('--json', 'NDJSON, as decode --json')
    .addHelpText('after', notes(help))
    .action((name: string, words: string[], options: CallOptions) => call(io, name, words, options));
}

async function call(
  io: CommandIo,
  name: string,
  words: readonly string[],
  options: CallOptions,
): Promise<void> {
  const { from, timeout } = options;
  const seq = options.seq ?? wallClockMs() & 0xffff;
  const frames = requestFrames(io, name, words, from, seq);
  const output = io.output('-', options.json ? 'json' : 'text');
  const text = new TextPrinter(io, { verbose: true }, true);
  const connector = connectorOf(options);
  const ended = await exchange(io, connector, from, frames, timeout, (record) => {
    const isReply = record.type === 'reply' && record.to === from && record.seq === seq;
    if (isReply || options.all)
      output.write(options.json ? recordLine(io.protocol, record) : text.text(record));
    if (isReply && (isProblem(record) || record.error !== 0)) io.problem();
    return isReply;
  });
  output.end();
  if (ended === undefined) return;
  io.warn(`${connector.name}: ${ended}`);
  io.problem();
}

/**
 * Sends queue messages and feeds them and all that comes to `take`, until it returns true.
 *
 * @returns why it has not, undefined if it has or the user did not want to wait. @throws FileError
 */
async function exchange(
  io: CommandIo,
  connector: Connector,
  from: number,
  frames: readonly Uint8Array[],
  timeoutMs: number,
  take: (record: CaptureRecord) => boolean,
): Promise<string | undefined> {
  const { VMID_RM = 255 } = io.protocol.constants;
  let done!: (why: string | undefined) => void;
  const over = new Promise<string | undefined>((resolve) => {
    done = resolve;
  });
  let isOver = false;
  let settled = 0;
  const feed = new MessageFeed((record) => {
    if (isOver || !take(record)) return;
    isOver = true;
    done(undefined);
  });
  const connection = await connector.open({
    received: (to, frame) => feed.add({ from: VMID_RM, to, frame }, wallClock()),
    settled() {
      // The first time it says that the manager is ready.
      if (settled++ === frames.length) done('no reply');
    },
    ended: ({ kind, text }) => done(`${kind}: ${oneLine(text)}`),
  });
  const cancel = deadline(timeoutMs, () => done(`no reply within ${timeoutMs} ms`));
  io.onInterrupt(() => done(undefined));
  try {
    for (const frame of frames) {
      feed.add({ from, to: VMID_RM, frame }, wallClock());
      connection.put({ kind: 'frame', from, frame });
    }
    const why = await over;
    // A program that does not start is as a socket on which nobody listens.
    if (why !== undefined && settled === 0 && connector.isFresh)
      throw new FileError(connector.name, new Error(why));
    return why;
  } finally {
    isOver = true;
    cancel();
    await connection.close();
  }
}

/** The queue messages of the request. @throws UsageError */
function requestFrames(
  io: CommandIo,
  name: string,
  words: readonly string[],
  from: number,
  seq: number,
): readonly Uint8Array[] {
  const message = messageOf(io, name);
  const id = message?.id ?? Number(name);
  try {
    const given = requestKeys(io, message, words);
    const line = { from, to: io.protocol.constants.VMID_RM, type: 'request', seq, id, ...given };
    return linePackets(io.protocol, line).map(({ bytes }) => bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new UsageError(issueOf(error), error.context);
  }
}

/** @returns undefined for an id that no message has. @throws UsageError */
function messageOf({ protocol }: CommandIo, name: string): Message | undefined {
  const message = messageNamed(protocol, name) ?? messageWithId(protocol, name);
  if (message?.kind === 'notification')
    throw new UsageError({
      code: 'kind',
      path: message.name,
      expected: 'a message that a VM sends',
      actual: 'a notification of the manager',
    });
  const isId = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(name) && Number(name) <= 0xffffffff;
  if (message !== undefined || isId) return message;
  const choice = messageChoice(protocol);
  throw new UsageError({
    code: 'name',
    path: '',
    expected: 'a name or id that `describe` alone lists',
    actual: name,
    choice,
  });
}

/** The keys of an NDJSON line that say what the request holds. */
function requestKeys(io: CommandIo, message: Message | undefined, words: readonly string[]): object {
  const [first, ...others] = words;
  if (first !== undefined && others.length === 0) {
    if (/^\s*\{/.test(first)) return { payload: parseJson(first) };
    const hex = parseHex(first.replace(/^0x/i, ''));
    if (hex !== undefined) return { [message?.layout === 'known' ? 'raw' : 'rest']: formatHex(hex) };
  }
  if (message?.layout === 'known')
    return { payload: payloadFromWords(io.protocol, (message as Call).request, words) };
  if (first === undefined) return {};
  throw new UsageError({ code: 'payload', path: '', expected: 'hex: no layout is known', actual: first });
}
