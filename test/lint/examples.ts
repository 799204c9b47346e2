import {
  MEM_LEND,
  protocol,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_GET_STATE,
  VM_GET_VMID,
  VM_INIT,
  VM_RESET,
  VM_SET_CRASH_MSG,
} from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { rules } from '../../src/lint/index.js';
import { type PanicReason, type PlatformProfile, platforms } from '../../src/rm/index.js';
import { fragment } from '../../src/rpc/index.js';
import { type Comparison, replay } from '../../src/sim/index.js';
import { Bench, Boots, HLOS } from '../rm/guest.js';
import { ways } from '../rm/panic-ways.js';
import { rpc, tree } from '../rm/vm-tree.js';

/** A recording that shows a rule, and the machine that it needs. */
export interface Example {
  readonly rule: string;
  readonly platform: PlatformProfile;
  readonly lines: readonly object[];
}

const PAGE = 0x1000;

/** What was done to a bench, with what the manager says and where it dies. */
function recordingOf(rule: string, platform: PlatformProfile, done: readonly object[]): Example {
  const header = {
    scenario: rule,
    ...(platform === platforms.native ? {} : { description: `--platform ${platform.name}` }),
  };
  const comparisons = [...replay([header, ...done], { file: () => undefined, platform })];
  const lines = comparisons.map(({ actual, panic, refused }: Comparison, index) => ({
    ...done[index],
    ...(actual.length === 0 ? {} : { out: actual.map(({ to, frame }) => ({ to, frame: formatHex(frame) })) }),
    ...(panic === undefined ? {} : { panic }),
    ...(refused ? { refused: 'the queue did not take it' } : {}),
  }));
  const died = comparisons.findIndex(({ panic }) => panic !== undefined);
  return { rule, platform, lines: [header, ...(died < 0 ? lines : lines.slice(0, died + 1))] };
}

function managerExamples(): Example[] {
  return (Object.keys(ways) as PanicReason[]).map((reason) => {
    const { go, platform = platforms.native } = ways[reason];
    const bench = new Bench({ platform });
    go(new Boots(bench));
    return recordingOf(`rm23/${reason.replaceAll('_', '-')}`, platform, bench.done);
  });
}

/** A VM with a devicetree, past VM_INIT. */
function initialised(boots: Boots): number {
  const vmid = boots.configure(tree({ rpc }));
  boots.error(VM_INIT.id, vmid);
  return vmid;
}

const lifeWays: Readonly<Record<string, (boots: Boots) => void>> = {
  'life/parcel-never-reclaimed': (boots) => {
    boots.bench.ask(VM_ALLOC_VMID.id, 0);
    boots.bench.ask(MEM_LEND.id, 0, 0, 1, 0x00070080, 1, 0x80000000, 0, PAGE, 0, 0);
    boots.error(VM_DEALLOC_VMID.id, 128);
  },
  'life/vmid-never-freed': (boots) => {
    boots.error(VM_RESET.id, initialised(boots));
    boots.bench.ask(VM_ALLOC_VMID.id, 0);
  },
  'life/reset-cleans-nothing': (boots) => {
    const vmid = initialised(boots);
    boots.error(VM_RESET.id, vmid);
    boots.configureAgain(vmid);
    boots.error(VM_INIT.id, vmid);
    boots.error(VM_RESET.id, vmid);
  },
  'life/message-lost': (boots) => {
    boots.bench.done.push({ op: 'receive_limit', vmid: HLOS, count: 0 });
    for (let count = 0; count < 20; count++) boots.bench.put(HLOS, VM_GET_VMID.id);
  },
};

const message = (type: number, seq: number, id: number, hex: string) =>
  fragment(protocol, { type, seq, msg_id: id }, Uint8Array.from(Buffer.from(hex, 'hex')));
const from = (frame: Uint8Array | undefined) => ({ from: HLOS, frame: formatHex(frame as Uint8Array) });
const request = (seq: number, id: number, hex: string) => message(1, seq, id, hex).map(from);

const wireWays: Readonly<Record<string, readonly object[]>> = {
  'wire/truncated': request(0, VM_GET_STATE.id, '0000'),
  'wire/trailing': request(0, VM_GET_STATE.id, '0000000000'),
  'wire/max': request(
    0,
    MEM_LEND.id,
    `000000000000000000000000ff02${'0000'}${'00'.repeat(16 * 0x2ff)}00000000`,
  ),
  'wire/invalid': request(0, VM_SET_CRASH_MSG.id, '0100000061000001'),
  'wire/malformed': [{ from: HLOS, frame: '22010000240000560000' }],
  'wire/stray-continuation': [{ from: HLOS, frame: '210000002400005600' }],
  'wire/incomplete': [request(0, VM_CONFIG_IMAGE.id, '00'.repeat(480))[0] as object],
  'wire/duplicate': [
    { op: 'enqueue', ...request(0, VM_GET_VMID.id, '')[0] },
    ...request(0, VM_GET_VMID.id, ''),
  ],
};

/** Recordings for the rules that traffic shows, one for each. */
export function examples(): Example[] {
  const life = Object.entries(lifeWays).map(([rule, go]) => {
    const bench = new Bench();
    go(new Boots(bench));
    return recordingOf(rule, platforms.native, bench.done);
  });
  const wire = Object.entries(wireWays).map(([rule, done]) => recordingOf(rule, platforms.native, done));
  const all = [...managerExamples(), ...life, ...wire];
  return all.filter(({ rule }) => rules.some(({ id }) => id === rule));
}
