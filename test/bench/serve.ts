/**
 * Round trips per second over the live transports: one VM_GET_VMID at a time, the server and its peer on a process
 * each. `npm run bench:serve`.
 */
import { compilePeer, missingForDatagrams, runPeer } from '../serve/c-peer.js';
import { Server, Workshop } from '../serve/server.js';
import { StreamPeer } from '../serve/stream-peer.js';

const count = 50_000;
const rounds = 5;
const workshop = new Workshop();

async function streamRate(path: string): Promise<number> {
  const peer = await StreamPeer.connect(path);
  const start = performance.now();
  for (let seq = 0; seq < count; seq++)
    await peer.ask(3, Uint8Array.of(0x21, 1, seq & 0xff, (seq >> 8) & 0xff, 0x24, 0, 0, 0x56), 1);
  const rate = (1000 * count) / (performance.now() - start);
  await peer.end();
  return rate;
}

async function datagramRate(program: string): Promise<number> {
  return Number((await runPeer(program, [workshop.path, 'rate', String(count)])).replace('rate ', ''));
}

/** The first round warms up and does not count. */
async function report(name: string, measure: () => Promise<number>): Promise<void> {
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) rates.push(await measure());
  const counted = rates.slice(1).sort((left, right) => left - right);
  const median = counted[Math.floor(rounds / 2)] as number;
  process.stdout.write(
    `${name.padEnd(36)}${Math.round(median).toLocaleString('en').padStart(8)} round trips/s\n`,
  );
}

const path = workshop.file('rm.sock');
const program = workshop.file('peer');
const missing = missingForDatagrams();
if (missing === undefined) compilePeer(program);
else process.stdout.write(`--dgram is left out: it needs ${missing}\n`);
for (const tap of [[], ['--tap', workshop.file('tap.pcapng')]]) {
  const datagrams = missing === undefined ? ['--dgram', workshop.path] : [];
  const server = await Server.ready(['--socket', path, ...datagrams, ...tap]);
  const suffix = tap.length > 0 ? ', recorded' : '';
  await report(`--socket, peer in Node${suffix}`, () => streamRate(path));
  if (missing === undefined) await report(`--dgram, peer in C${suffix}`, () => datagramRate(program));
  await server.stop();
}
workshop.remove();
