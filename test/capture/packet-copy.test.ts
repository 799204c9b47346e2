import { expect, test } from 'vitest';
import { copyOfPacket, emptyPacket } from '../../src/capture/packets/index.js';

test('a copy of a packet has memory of its own, also if the reader was given a Buffer', () => {
  const data = Buffer.from([9, 1, 2, 3, 9]);
  const packet = emptyPacket();
  packet.data = data;
  packet.view = new DataView(data.buffer, data.byteOffset, data.length);
  packet.start = 1;
  packet.end = 4;
  const copy = copyOfPacket(packet);
  data.fill(0);
  expect([...copy.data]).toEqual([1, 2, 3]);
  expect([copy.start, copy.end, copy.view.byteLength, copy.view.getUint8(2)]).toEqual([0, 3, 3, 3]);
});
