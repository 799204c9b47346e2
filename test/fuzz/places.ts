import { constants, error, protocol } from '../../schemas/index.js';
import type { Coverage } from '../../src/fuzz/engine/coverage.js';
import { type PanicReason, platforms } from '../../src/rm/index.js';
import { replay } from '../../src/sim/index.js';
import { deviceTree, scenarios } from '../sim/scenarios.js';

const errorNames = new Map<number, string>(Object.entries(error.values).map(([name, code]) => [code, name]));

/** What the recordings hold of a manager: the places where it died and what it answered. */
export interface Recorded {
  /**
   * One for each place in the recorded manager's source: the name that the simulated one has for it, the message and
   * whether HLOS sent it, all of which some places have to be told apart by.
   */
  readonly places: ReadonlyMap<string, ReadonlySet<string>>;
  /** `MEM_LEND ARGUMENT_INVALID`; ids that no message has are `<unknown>`. */
  readonly pairs: ReadonlySet<string>;
}

/** Reads them out of the recordings that were not taken on the real hypervisor. */
export function recordedManager(): Recorded {
  const places = new Map<string, Set<string>>();
  const pairs = new Set<string>();
  for (const { lines } of scenarios('rm23.ndjson'))
    for (const { recorded, panic } of replay(lines, { platform: platforms.native, file: deviceTree })) {
      if (recorded.panic !== undefined && panic !== undefined) {
        const step = recorded.kind === 'frame' ? placeOf(panic, recorded) : placeOf(panic, undefined);
        const known = places.get(recorded.panic);
        if (known === undefined) places.set(recorded.panic, new Set([step]));
        else known.add(step);
      }
      for (const { frame } of recorded.out) {
        const pair = pairOf(frame);
        if (pair !== undefined) pairs.add(pair);
      }
    }
  return { places, pairs };
}

function idOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(4, true);
}

/** Name of a place, message and sender, as coverage tells them apart. */
function placeOf(
  panic: PanicReason,
  sent: { readonly from: number; readonly frame: Uint8Array } | undefined,
): string {
  if (sent === undefined) return `${panic} vcpu_halt the machine`;
  const { from, frame } = sent;
  return `${panic} ${protocol.byId.get(idOf(frame))?.name} ${from === constants.VMID_HLOS ? 'HLOS' : 'a VM'}`;
}

const REPLY = 2;
const REPLY_SIZE_MIN = 12;

function pairOf(frame: Uint8Array): string | undefined {
  if (frame.length < REPLY_SIZE_MIN || ((frame[1] as number) & 3) !== REPLY) return undefined;
  const code = new DataView(frame.buffer, frame.byteOffset).getUint32(8, true);
  return `${protocol.byId.get(idOf(frame))?.name ?? '<unknown>'} ${errorNames.get(code)}`;
}

/** The places that a run has found, as {@link Recorded} names them. */
export function foundPlaces(coverage: Coverage): Set<string> {
  return new Set([...coverage.endings()].map(({ text, message, from }) => `${text} ${message} ${from}`));
}

export function foundPairs(coverage: Coverage): Set<string> {
  return new Set([...coverage.pairs()].map((pair) => `${pair.message} ${pair.error}`));
}
