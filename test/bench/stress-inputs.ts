import { readFileSync } from 'node:fs';
import { MEM_APPEND, protocol, VM_GET_HYP_RESOURCES, VM_START } from '../../schemas/index.js';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import { writeFrame } from '../../src/rpc/index.js';
import { recordedTraces } from '../capture/ktrace/read.js';
import { asVersion6 } from '../capture/ktrace/version6.js';
import { Random } from '../random.js';
import { recordedFrames } from '../rpc/mutate.js';

type Pieces = Iterable<Uint8Array | string>;

/** An input that is hard for some commands. */
export interface Input {
  readonly name: string;
  /** Files by name, made of some number of bytes. */
  readonly files: { readonly [name: string]: (size: number) => Pieces };
  readonly commands: readonly string[];
  /** Of these, those that run at 100 MB, too: the ones that take most memory and time at 10 MB. */
  readonly large: readonly string[];
  /** Bytes of the largest packet in a file of that size, where it is not small; of the whole file, where it is one item. */
  readonly largestPacket?: (size: number) => number;
}

/** Queue message of `type` with `fragments` announced. */
function message(
  type: number,
  fragments: number,
  seq: number,
  id: number,
  payload = new Uint8Array(0),
): Uint8Array {
  return writeFrame(protocol, { type, fragments, seq, msg_id: id }, payload, 0, payload.length);
}

/** A pcapng file of packets, up to a size. */
function* pcapng(
  size: number,
  packetAt: (index: number) => [from: number, to: number, bytes: Uint8Array],
): Pieces {
  const ready: Uint8Array[] = [];
  let written = 0;
  const writer = new PcapngWriter((bytes) => {
    ready.push(bytes.slice());
    written += bytes.length;
  });
  for (let index = 0; written < size; index++) {
    const [from, to, bytes] = packetAt(index);
    writer.packet(from, to, bytes, 0, bytes.length, undefined, undefined);
    yield* ready.splice(0);
  }
  writer.end();
  yield* ready;
}

/** A text again and again, up to a size. */
function* lines(size: number, lineAt: (index: number) => string): Pieces {
  let text = '';
  for (let index = 0, written = 0; written < size; index++) {
    const line = lineAt(index);
    written += line.length;
    text += line;
    if (text.length < 1 << 16) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** Packets of all kinds with changed bytes: most are decoded, hardly two are equal. */
function randomPackets(size: number, seed: number): Pieces {
  const random = new Random(seed);
  const frames = recordedFrames().filter((frame) => frame.length >= 8 && ((frame[1] as number) & 0xfc) === 0);
  return pcapng(size, () => {
    const frame = random.pick(frames).slice();
    frame[2] = random.below(256);
    frame[3] = random.below(256);
    if (frame.length > 12) frame[8 + random.below(frame.length - 8)] = random.below(256);
    return ((frame[1] as number) & 3) === 1 ? [3, 255, frame] : [255, 3, frame];
  });
}

/** One packet that is nearly the whole file. */
const largePacket =
  (type: number, id: number) =>
  (size: number): Pieces => {
    let sent = false;
    return pcapng(size, () => {
      const payload = new Uint8Array(sent ? 0 : size - 200).fill(1);
      sent = true;
      return [3, 255, message(type, 0, 1, id, payload)];
    });
  };

const start = message(1, 0, 0, VM_START.id, Uint8Array.of(128, 0, 0, 0));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const decodes = (file: string) => [`decode --json ${file}`, `decode ${file}`, `decode --to hex ${file}`];

/** Whole copies of a text, up to a size. */
function repeated(size: number, text: string): Pieces {
  return lines(size, () => text);
}

const traceNames = ['trace-6.12-v15', 'bpftrace-0.23-r', 'dmesg-6.12-mem'] as const;

function traceText(wanted: string): string {
  const trace = recordedTraces().find(({ name }) => name === wanted);
  if (trace === undefined) throw new Error(`no trace ${wanted}`);
  return trace.text;
}

/** The example scenario of a boot, with a devicetree of up to 112 MiB. */
const bootScenario = readFileSync(new URL('../../captures/scenarios/boot.ndjson', import.meta.url), 'utf8')
  .replace('example.dtb', 'a.dtb')
  .replace('"size":"0x2000000"', '"size":"0x8000000"')
  .replace('"dtb_size":"0x100000"', '"dtb_size":"0x7000000"');

/** A blob of which half is one string, and the other half properties whose names are its ends. */
function sharedNames(size: number): Uint8Array {
  const count = Math.floor(size / 24);
  const words = new Uint32Array(2 + 3 * count + 2);
  words.set([1, 0]);
  for (let index = 0; index < count; index++) words.set([3, 0, index], 2 + 3 * index);
  words.set([2, 9], 2 + 3 * count);
  const stringsAt = 56 + 4 * words.length;
  const blob = new Uint8Array(stringsAt + 12 * count).fill(0x61, stringsAt, -1);
  const view = new DataView(blob.buffer);
  for (const [index, word] of words.entries()) view.setUint32(56 + 4 * index, word);
  const head = [0xd00dfeed, blob.length, 56, stringsAt, 40, 17, 16, 0, 12 * count, 4 * words.length];
  for (const [index, word] of head.entries()) view.setUint32(4 * index, word);
  return blob;
}

/** Boots, each with a session whose answers are left out. */
function* recordingThatDiffers(size: number): Pieces {
  const start = protocol.byName.get('VM_ALLOC_VMID') as { readonly id: number };
  yield '{"scenario":"differs"}\n';
  yield* lines(size, (index) => {
    const frame = hex(message(1, 0, index & 0xffff, start.id, new Uint8Array(4)));
    const boot = index % 50 === 0 ? '{"op":"reboot"}\n' : '';
    return `${boot}{"from":3,"frame":"${frame}","out":[]}\n`;
  });
}

function* fixtures(size: number): Pieces {
  const fixture = {
    ...{ name: 'unknown', message: 'VM_START', id: '0x56000004', type: 'request', provenance: 'none' },
    ...{ seq: 0, size: 4, frames: [hex(start)] },
  };
  yield '[';
  yield* lines(size, () => `${JSON.stringify(fixture)},\n`);
  yield `${JSON.stringify(fixture)}]\n`;
}

export const inputs: readonly Input[] = [
  {
    name: 'random messages',
    files: {
      'a.pcapng': (size) => randomPackets(size, 1),
      'b.pcapng': (size) => randomPackets(size / 10, 2),
    },
    large: ['decode --json a.pcapng', 'diff a.pcapng a.pcapng'],
    commands: [
      ...decodes('a.pcapng'),
      'decode --summary a.pcapng',
      'decode --frames --json a.pcapng',
      'decode --hex a.pcapng',
      'decode --rules q515 --json a.pcapng',
      'diff a.pcapng a.pcapng',
    ],
  },
  {
    name: 'two captures of random messages',
    files: {
      'a.pcapng': (size) => randomPackets(size / 2, 1),
      'b.pcapng': (size) => randomPackets(size / 2, 2),
    },
    large: ['diff a.pcapng b.pcapng'],
    commands: ['diff a.pcapng b.pcapng', 'diff a.pcapng b.pcapng --json --ignore seq'],
  },
  {
    name: 'unfinished messages of many VMs',
    files: {
      'a.pcapng': (size) =>
        pcapng(size, (index) => [index & 0xffff, 1 + (index >>> 16), message(1, 62, 1, MEM_APPEND.id)]),
    },
    large: ['decode --to hex a.pcapng'],
    commands: ['decode --json a.pcapng', 'decode --to hex a.pcapng'],
  },
  {
    name: 'requests without a reply',
    files: {
      'a.pcapng': (size) =>
        pcapng(size, (index) => {
          new DataView(start.buffer, start.byteOffset).setUint16(2, index & 0xffff, true);
          return [3 + (index >>> 16), 255, start];
        }),
    },
    large: ['decode --json a.pcapng', 'decode --summary a.pcapng'],
    commands: ['decode --json a.pcapng', 'decode --summary a.pcapng'],
  },
  {
    name: 'empty continuations without end',
    files: {
      'a.pcapng': (size) =>
        pcapng(size, (index) => [255, 3, message(index === 0 ? 3 : 0, 62, 1, 0x56100001)]),
    },
    large: ['decode --rules q515 --to hex --filter seq==2 a.pcapng'],
    commands: [
      'decode --rules q515 --json a.pcapng',
      'decode --rules q515 --to hex --filter seq==2 a.pcapng',
    ],
  },
  ...(
    [
      ['one large packet of an unknown message', 1, 0x5600ffff],
      ['one large request', 1, VM_START.id],
      ['one large reply', 2, VM_GET_HYP_RESOURCES.id],
    ] as const
  ).map(
    ([name, type, id]): Input => ({
      name,
      files: { 'a.pcapng': largePacket(type, id) },
      large: ['decode --json a.pcapng', 'decode --hex a.pcapng', 'diff a.pcapng a.pcapng'],
      commands: [...decodes('a.pcapng'), 'decode --hex a.pcapng', 'diff a.pcapng a.pcapng'],
      largestPacket: (size) => size,
    }),
  ),
  {
    name: 'lines of hex',
    files: { 'a.hex': (size) => lines(size, (index) => `${index & 0xffff}>255 ${hex(start)}\n`) },
    large: ['decode --to pcapng a.hex'],
    commands: ['decode --json a.hex', 'decode --to pcapng a.hex'],
  },
  {
    name: 'a hex dump without line ends',
    files: { 'a.hex': (size) => lines(size, () => '00') },
    large: ['decode a.hex'],
    commands: ['decode a.hex'],
  },
  {
    name: 'a kernel log without dumps',
    files: {
      'a.log': (size) => lines(size, (index) => `[ 1.${index}] ${'00000000: ab: '.repeat(30)}x\n`),
    },
    large: ['decode --format dmesg a.log'],
    commands: ['decode --format dmesg a.log'],
  },
  {
    name: 'NDJSON with gaps',
    files: {
      'a.ndjson': (size) =>
        lines(
          size,
          (index) => `{"frame":${2 * index + 3},"name":"VM_START","seq":1,"payload":{"vmid":128}}\n`,
        ),
    },
    large: ['encode a.ndjson', 'diff a.ndjson a.ndjson'],
    commands: ['encode a.ndjson', 'decode --json a.ndjson', 'diff a.ndjson a.ndjson'],
  },
  {
    name: 'NDJSON of long lists in one line',
    files: {
      *'a.ndjson'(size) {
        yield '{"name":"VM_START","payload":[';
        yield* lines(size, () => '{},');
        yield '0]}\n';
      },
    },
    large: ['encode a.ndjson'],
    commands: ['encode a.ndjson'],
    largestPacket: (size) => size / 2,
  },
  {
    name: 'texts of kernel traces',
    files: Object.fromEntries(
      traceNames.map((name) => [`${name}.txt`, (size) => repeated(size, traceText(name))]),
    ),
    large: [`decode --json ${traceNames[0]}.txt`],
    commands: traceNames.map((name) => `decode --json ${name}.txt`),
  },
  {
    name: 'a trace.dat',
    files: { 'a.dat': (size) => [asVersion6(Math.ceil(size / asVersion6().length))] },
    large: ['decode --json a.dat'],
    commands: ['decode --json a.dat'],
    largestPacket: (size) => size,
  },
  {
    name: 'a devicetree whose names share one string',
    files: { 's.ndjson': () => [bootScenario], 'a.dtb': (size) => [sharedNames(size)] },
    large: ['simulate s.ndjson'],
    commands: ['simulate s.ndjson'],
    largestPacket: (size) => size,
  },
  {
    name: 'captures as a page',
    files: { 'a.pcapng': (size) => randomPackets(size, 1) },
    large: ['inspect a.pcapng -o a.html'],
    commands: ['inspect a.pcapng -o a.html'],
  },
  {
    name: 'recordings that differ everywhere',
    files: { 'a.ndjson': recordingThatDiffers, 'a.pcapng': (size) => randomPackets(size, 1) },
    large: ['replay a.ndjson', 'replay a.pcapng'],
    commands: ['replay a.ndjson', 'replay --json a.ndjson', 'replay a.pcapng'],
  },
  {
    name: 'fixtures of unknown names',
    files: { 'VM_START.json': fixtures },
    large: ['golden --check .'],
    commands: ['golden --check .'],
    largestPacket: (size) => size,
  },
];
