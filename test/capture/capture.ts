import { protocol } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { emptyPacket, type Packet, packetWith } from '../../src/capture/packets/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler, type AssemblerOptions } from '../../src/capture/records/index.js';
import { rulesOf } from '../../src/rpc/index.js';

/** Hex of a queue message: type and number of continuations, seq, id, payload. */
export function frame(type: number, fragments: number, seq: number, id: number, payload = ''): string {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x21, 0);
  header.writeUInt8(type | (fragments << 2), 1);
  header.writeUInt16LE(seq, 2);
  header.writeUInt32LE(id, 4);
  return header.toString('hex') + payload;
}

/** A packet as a reader hands it on. */
export function packetOf(
  number: number,
  from: number | undefined,
  to: number | undefined,
  hex: string,
): Packet {
  const data = parseHex(hex) as Uint8Array;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return packetWith(emptyPacket(), {
    frame: number,
    time: BigInt(number) * 1_000n,
    from,
    to,
    data,
    view,
    end: data.length,
  });
}

/** The records of queue messages given as [from, to, hex]. */
export function assemble(
  messages: readonly (readonly [from: number | undefined, to: number | undefined, hex: string])[],
  options: Partial<AssemblerOptions> & { readonly rulesName?: string } = {},
): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const { rulesName = 'rm', ...others } = options;
  const rules = rulesOf(rulesName);
  const assembler = new Assembler({ protocol, rules, record: (record) => records.push(record), ...others });
  for (const [index, [from, to, hex]] of messages.entries())
    assembler.packet(packetOf(index + 1, from, to, hex));
  assembler.end();
  return records;
}
