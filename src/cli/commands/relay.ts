import { type Command, Option } from 'commander';
import { UsageError, WireError } from '../../base/error.js';
import { parseJson } from '../../base/json.js';
import { type Line, lineReaders } from '../../base/line-readers.js';
import { Random } from '../../base/random.js';
import { Tap } from '../../node/tap.js';
import { Watchers } from '../../node/tap-server.js';
import { processTiming } from '../../node/timing.js';
import { StreamServer } from '../../node/unix-stream.js';
import { type AnswerRule, Answers, Relay, readAnswerRule } from '../../relay/index.js';
import { type FaultRule, Faults, readRule } from '../../sim/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { integerOption } from '../options.js';
import { Stop } from '../stop.js';
import { makeConnector } from '../target-option.js';

interface RelayOptions {
  readonly listen: string;
  readonly to: string;
  readonly tap?: string;
  readonly rule: readonly string[];
  readonly rules?: string;
  readonly seed: number;
}

const { object } = lineReaders('rule');

const help = `
Rules are those of scenarios (simulate --help-format, "Fault rules"), one JSON object each. The first that matches acts.
  {"kind":"drop","match":{"from":3,"message":"VM_START"},"limit":1}          also duplicate, delay, reorder, flip,
  {"kind":"delay","ns":50000000,"match":{"type":"reply","probability":0.1}}   truncate, hold
  {"answer":{"error":"NORESOURCE"},"match":{"message":"VM_ALLOC_VMID"}}        the manager does not see the request
  {"answer":{"error":"OK","payload":{"vmid":130}},"match":{"message":"VM_ALLOC_VMID"},"limit":1}
Each peer gets a connection of its own to the manager. The tap shows messages as they arrive, with comments on those that
do not. SIGINT and SIGTERM end it.

Examples:
  gunyah-rm relay --listen a.sock --to rm.sock --tap live.pcapng
  gunyah-rm relay --listen a.sock --to dgram:/tmp --rules rules.ndjson --seed 7`;

const collect = (text: string, list: readonly string[]) => [...list, text];

export function register(program: Command, io: CommandIo): void {
  program
    .command('relay')
    .description('stand between peers and a manager: record, drop, delay, double, damage, answer')
    .requiredOption('--listen <path>', 'take connections on this unix stream socket')
    .requiredOption('--to <manager>', 'path of its unix stream socket, or dgram:DIR')
    .option('--tap <file>', 'record everything in a pcapng file; - for standard output')
    .addOption(new Option('--rule <json>', 'a rule; repeatable').argParser(collect).default([], 'none'))
    .option('--rules <file>', 'NDJSON of rules')
    .option('--seed <n>', 'seed of what rules draw', integerOption('--seed', 0xffffffff), 0)
    .addHelpText('after', notes(help))
    .action((options: RelayOptions) => relay(io, options));
}

async function relay(io: CommandIo, options: RelayOptions): Promise<void> {
  const { faults, answers } = rulesOf(io, options);
  const stop = new Stop();
  const tap =
    options.tap === undefined
      ? undefined
      : new Tap(io.stdio, options.tap, io.output(options.tap, 'pcapng', '--tap'), {
          warn: (text) => io.warn(text),
          closed: stop.end,
        });
  const to = options.to.startsWith('dgram:') ? options.to : `socket:${options.to.replace(/^socket:/, '')}`;
  const watchers = new Watchers();
  const between = new Relay({
    connector: makeConnector(to),
    faults,
    answers,
    timing: processTiming,
    onMessage: (from, receiver, message, note) => {
      tap?.message(from, receiver, message, note);
      watchers.message(from, receiver, message, note);
    },
    warn: (text) => io.warn(text),
  });
  io.stdio.onStop(() => stop.end());
  let server: StreamServer | undefined;
  try {
    server = await StreamServer.listen(options.listen, between, watchers);
    tap?.open();
    io.note(`ready: ${options.listen}`);
    await stop.awaited;
  } finally {
    await between.close();
    await server?.close();
    if (between.dropped > 0) io.warn(`${between.dropped} messages were dropped`);
    await tap?.end();
  }
}

function rulesOf(io: CommandIo, { rule, rules, seed }: RelayOptions): { faults: Faults; answers: Answers } {
  const faults = new Faults(new Random(seed), () => {});
  const answers: AnswerRule[] = [];
  const add = (text: string, place: string) => {
    const read = readOne(text, place);
    if ('answer' in read) answers.push(read);
    else faults.add(read);
  };
  for (const text of rule) add(text, '--rule');
  if (rules !== undefined) {
    const lines = Buffer.from(io.files.whole(rules)).toString('utf8').split('\n');
    for (const [index, text] of lines.entries())
      if (text.trim() !== '') add(text, `${rules}: line ${index + 1}`);
  }
  return { faults, answers: new Answers(answers) };
}

/** @throws UsageError with the place */
function readOne(text: string, place: string): FaultRule | AnswerRule {
  try {
    const line: Line = object(parseJson(text), '');
    return 'answer' in line ? readAnswerRule(line) : readRule(line);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const { code, path, expected, actual } = error;
    throw new UsageError({ code, path, expected, actual }, `${place}: `);
  }
}
