import { protocol } from '../../schemas/index.js';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import type { Fixture } from '../../src/golden/fixture.js';
import { concat } from '../capture/build.js';
import { Random } from '../random.js';
import { Mutator, recordedFrames } from '../rpc/mutate.js';

const { VMID_HLOS = 3, VMID_RM = 255 } = protocol.constants;
const start = 1_700_000_000_000_000_000n;
const step = 1_000_000n;

/** Queue messages with sender and receiver, one millisecond apart. */
function capture(frames: Iterable<readonly [from: number, to: number, bytes: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => parts.push(bytes.slice()));
  let time = start;
  for (const [from, to, bytes] of frames) {
    writer.packet(from, to, bytes, 0, bytes.length, time, undefined);
    time += step;
  }
  writer.end();
  return concat(...parts);
}

/** All fixtures one after the other; a reply whose layout depends on its request comes after that. */
export function goldenCapture(fixtures: readonly Fixture[]): Uint8Array {
  return capture(
    fixtures.flatMap(({ part, frames }) => {
      const fromRm = part.type !== 'request';
      const own = frames.map((frame) =>
        fromRm ? ([VMID_RM, VMID_HLOS, frame] as const) : ([VMID_HLOS, VMID_RM, frame] as const),
      );
      const request = fixtures.find(
        (other) =>
          other.part.type === 'request' &&
          other.part.message === part.message &&
          (other.value as Record<string, unknown>)[part.selection?.field ?? ''] === part.selection?.name,
      );
      if (part.selection === undefined || request === undefined) return own;
      return [...request.frames.map((frame) => [VMID_HLOS, VMID_RM, frame] as const), ...own];
    }),
  );
}

/** Random and mutated queue messages between RM and three VMs. */
export function mutatedCapture(count: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const mutator = new Mutator(
    random,
    recordedFrames(),
    protocol.messages.map(({ id }) => id),
  );
  const vms = [VMID_HLOS, 128, 129];
  function* frames() {
    let vm = VMID_HLOS;
    for (let sent = 0; sent < count; sent++) {
      const bytes = mutator.frame();
      // Mostly the same VM for a while, else fragments would never meet; requests one way, the rest the other.
      if (random.once(100)) vm = random.pick(vms);
      const toRm = random.once(20) || (bytes[1] ?? 1) % 4 < 2;
      yield toRm ? ([vm, VMID_RM, bytes] as const) : ([VMID_RM, vm, bytes] as const);
    }
  }
  return capture(frames());
}
