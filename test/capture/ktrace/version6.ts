import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatenated } from '../../../src/base/bytes.js';
import { readDat } from '../../../src/capture/ktrace/dat/file.js';

/** A trace.dat of version 7, written by trace-cmd. */
export const recordedDat = Uint8Array.from(
  readFileSync(join(import.meta.dirname, '../../recorded/tracecmd-6.12.dat')),
);

const u32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const u64 = (value: number) => [...u32(value), ...u32(0)];
const text = (value: string) => Array.from(value, (char) => char.charCodeAt(0));

/**
 * Its formats and pages as version 6 has them (trace-cmd.dat.v6(5)); no real file of that version is at hand. With
 * `times` the pages are there so many times.
 */
export function asVersion6(times = 1): Uint8Array {
  const { formats, buffers } = readDat(recordedDat);
  const events = [...formats.values()].map(({ name, id, fields }) => {
    const lines = [...fields.values()].map(
      ({ name, offset, size, isSigned }) =>
        `\tfield:u64 ${name}${size > 8 ? `[${size / 8}]` : ''};\toffset:${offset};\tsize:${size};\tsigned:${isSigned ? 1 : 0};`,
    );
    return text(`name: ${name}\nID: ${id}\nformat:\n${lines.join('\n')}\n`);
  });
  const clock = text('local global [boot]');
  const head = [
    ...[0x17, 0x08, 0x44, ...text('tracing6\0'), 0, 8, ...u32(0x1000)],
    ...[...text('header_page\0'), ...u64(0), ...text('header_event\0'), ...u64(0), ...u32(0)],
    ...[
      ...u32(1),
      ...text('gunyah\0'),
      ...u32(events.length),
      ...events.flatMap((event) => [...u64(event.length), ...event]),
    ],
    ...[...u32(0), ...u32(0), ...u64(0), ...u32(buffers.length)],
    ...[...text('options  \0'), 4, 0, ...u32(clock.length), ...clock, 0, 0, ...text('flyrecord\0')],
  ];
  let place = head.length + 16 * buffers.length;
  const places = buffers.flatMap(({ length }) => {
    place += times * length;
    return [...u64(place - times * length), ...u64(times * length)];
  });
  const pages = buffers.flatMap((buffer) => Array.from({ length: times }, () => buffer));
  return concatenated([Uint8Array.from([...head, ...places]), ...pages]);
}
