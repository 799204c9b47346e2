/** Asks the server at a path as fast as it can for so many milliseconds: PATH MS [unread]. */
import { record, StreamPeer } from '../serve/stream-peer.js';
import { GUEST, question } from './question.js';

const [path = '', ms, option] = process.argv.slice(2);
const untilMs = performance.now() + Number(ms);
const reads = option !== 'unread';
const peer = await StreamPeer.connect(path, reads);
const batch = Buffer.concat(Array.from({ length: 200 }, (_, seq) => record(GUEST, 255, question(seq))));
let asked = 0;
while (performance.now() < untilMs) {
  await peer.write(batch);
  asked += 200;
  await new Promise((done) => setImmediate(done));
}
if (!reads) peer.read();
await new Promise((done) => setTimeout(done, 300));
peer.socket.destroy();
process.stdout.write(`${asked - peer.received.length} of its own ${asked} answers`);
