/**
 * What peers of `serve` lose when others misbehave: `npm run stress:serve`. Twenty peers ask one question after the other,
 * while something goes wrong elsewhere. The table says how many of their questions had no answer, how long answers
 * took, and what became of the peer that misbehaved. Arguments choose rows by words of their names.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import build from '../build.js';
import { Random } from '../random.js';
import { garbageMessage } from '../serve/garbage.js';
import { type Life, recordedLives } from '../serve/recorded-life.js';
import { Server, Workshop } from '../serve/server.js';
import { record, StreamPeer } from '../serve/stream-peer.js';
import { GUEST, question } from './question.js';

const HLOS = 3;
const peerCount = 20;
const runMs = 2000;
/** A question without an answer for so long is lost. */
const lostMs = 5000;

const workshop = new Workshop();
const life = recordedLives().find(({ name }) => name === 'lifecycle_dynamic') as Life;

/** Questions of well-behaved peers. */
class Tally {
  readonly latenciesMs: number[] = [];
  asked = 0;
  lost = 0;

  /** Asks on one connection until a time, one question after the other. */
  async ask(path: string, untilMs: number): Promise<void> {
    const peer = await StreamPeer.connect(path);
    for (let seq = 0; performance.now() < untilMs; seq++) {
      const start = performance.now();
      this.asked++;
      if (await answered(peer, seq)) this.latenciesMs.push(performance.now() - start);
      else {
        this.lost++;
        break;
      }
    }
    peer.socket.destroy();
  }

  quantile(share: number): string {
    const sorted = this.latenciesMs.sort((a, b) => a - b);
    return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2);
  }
}

async function answered(peer: StreamPeer, seq: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((done) => {
    timer = setTimeout(() => done(false), lostMs);
  });
  const answer = peer.ask(HLOS, question(seq), 1).then(
    () => true,
    () => false,
  );
  const result = await Promise.race([answer, late]);
  clearTimeout(timer);
  return result;
}

/** Something that goes wrong. Ends when `untilMs` is over. @returns what became of who did it. */
type Fault = (path: string, untilMs: number, server: Server) => Promise<string>;

/** A VM that asks without waiting for answers, in a process of its own: here it would hold up those who are timed. */
function flood(...options: readonly string[]): Fault {
  return async (path, untilMs) => {
    const host = await StreamPeer.connect(path);
    for (const { from, frame, out } of life.steps.slice(0, 10)) await host.ask(from, frame, out.length);
    host.socket.destroy();
    const program = fileURLToPath(new URL('flooder.ts', import.meta.url));
    const args = ['--import', 'tsx', program, path, String(untilMs - performance.now()), ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await once(child, 'close');
    return said;
  };
}

const garbage: Fault = async (path, untilMs) => {
  const random = new Random(1);
  let connections = 0;
  for (; performance.now() < untilMs; connections++) {
    const peer = await StreamPeer.connect(path);
    const records = Array.from({ length: 200 }, () => record(GUEST, 255, garbageMessage(random)));
    await peer.write(Buffer.concat([...records, Buffer.from([3, 0, 3, 0, 255, 0])]));
    await peer.closed;
  }
  return `${connections} connections, ended by the server`;
};

const idle: Fault = async () => 'nothing';

const killed: Fault = async (path, untilMs, server) => {
  await new Promise((done) => setTimeout(done, runMs / 2));
  await server.stop('SIGKILL');
  const next = await Server.asProcess(['--socket', path]).isReady();
  const again = new Tally();
  await Promise.all(Array.from({ length: peerCount }, () => again.ask(path, untilMs + runMs / 2)));
  await next.stop();
  return `${again.lost} of ${again.asked} questions to the next server`;
};

interface Row {
  readonly name: string;
  readonly args?: readonly string[];
  readonly peers?: number;
  readonly fault: Fault;
}

const fifo = workshop.file('tap.fifo');
spawnSync('mkfifo', [fifo]);

const rows: readonly Row[] = [
  { name: 'nothing goes wrong', fault: idle },
  { name: 'a VM floods', fault: flood() },
  { name: 'a VM floods and does not read', fault: flood('unread') },
  { name: 'garbage, and records that cannot be', fault: garbage },
  { name: 'a tap that nobody reads', args: ['--tap', fifo], fault: idle },
  { name: 'a tap on a full disk', args: ['--tap', '/dev/full'], fault: idle },
  { name: 'killed and started again', fault: killed },
  { name: '1000 peers', peers: 1000, fault: idle },
];

async function measure({ name, args = [], peers = peerCount, fault }: Row, index: number): Promise<void> {
  const path = workshop.file(`${index}.sock`);
  const server = await Server.asProcess([
    '--socket',
    path,
    '--load',
    `0x89000000=${workshop.tree}`,
    ...args,
  ]).isReady();
  const tally = new Tally();
  const untilMs = performance.now() + runMs;
  const [own] = await Promise.all([
    fault(path, untilMs, server),
    ...Array.from({ length: peers }, () => tally.ask(path, untilMs)),
  ]);
  // One that ends by itself has the time for it.
  await new Promise((done) => setTimeout(done, 300));
  const start = performance.now();
  const { code, signal, stderr } = await server.stop();
  const end = `${signal ?? `exit ${code}`} in ${Math.round(performance.now() - start)} ms`;
  const said = /\d+ packets were dropped|no space left/.exec(stderr)?.[0];
  const cells = [
    name.padEnd(36),
    String(tally.asked).padStart(8),
    String(tally.lost).padStart(6),
    tally.quantile(0.5).padStart(9),
    tally.quantile(0.99).padStart(9),
    `  ${own}; ${end}${said === undefined ? '' : `; ${said}`}`,
  ];
  process.stdout.write(`${cells.join('')}\n`);
}

await build();
process.stdout.write(
  `${'what goes wrong'.padEnd(36)}${'asked'.padStart(8)}${'lost'.padStart(6)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}  lost by its cause; end of the server\n`,
);
const words = process.argv.slice(2);
const chosen = rows.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
for (const [index, row] of chosen.entries()) await measure(row, index);
workshop.remove();
