import { clockTimeOf, type PacketTime } from '../capture/packets/index.js';
import type { CaptureRecord, Frame, RecordPacket } from '../capture/records/index.js';
import type { Protocol } from '../schema/index.js';
import type { LongCells } from './cells/index.js';
import { type Column, plainCells, type Value, valueColumn } from './column.js';

// `clockTimeOf` alone would do. It is called with objects of many kinds, and engines read a property fast only where few
// kinds come: the time that a packet has is therefore read here.

/** When a message was captured: the time of its first packet. */
export function timeOfRecord({ packets }: CaptureRecord): PacketTime {
  const packet = packets[0] as RecordPacket;
  return packet.clockTime ?? clockTimeOf(packet);
}

/** When a queue message was captured. */
export function timeOfFrame({ packet }: Frame): PacketTime {
  return packet.clockTime ?? clockTimeOf(packet);
}

/** A column of times. Those that 64 bits with a sign do not hold are left out. */
export function timeColumn<Item>(protocol: Protocol, time: Value<Item, PacketTime>): Column<Item> {
  const put = putTime as Column<Item>['putValue'];
  return valueColumn(protocol, 'time', 'time', (memory) => plainCells('time', memory), time, put);
}

function putTime(time: PacketTime, row: number, cells: LongCells): void {
  if (time.isSplit && time.high < 0x8000_0000) cells.halves(row, time.high, time.low);
  else if (time.ns !== undefined && BigInt.asIntN(64, time.ns) === time.ns) cells.bigint(row, time.ns);
}
