import { describe, expect, it } from 'vitest';
import {
  fallocateModes,
  finish,
  type GuestMemoryFile,
  guestMemoryFlags,
} from '../../../src/host/guest-memory/index.js';
import { BASE, failure, HOST, hold, machine, type Options, page, transition } from './joined.js';
import { PAGE } from './machine.js';

const HUGE = 0x200000;
const { KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE } = fallocateModes;

describe('fallocate', () => {
  it('allocates what is missing, and leaves what is there', () => {
    const { file } = machine();
    hold(file, 'pin', 'disk', 2);
    file.fallocate('qemu', KEEP_SIZE, page(0, 4));
    file.fallocate('qemu', KEEP_SIZE | ZERO_RANGE, page(0, 4));
    expect(file.folios.map(({ offset, address }) => [offset / PAGE, (address - BASE) / PAGE])).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
      [3, 3],
    ]);
  });

  it('ENOMEM in the middle leaves nothing', () => {
    const { file, freed } = machine({ pages: 3 });
    hold(file, 'pin', 'disk', 2);
    expect(failure(() => file.fallocate('qemu', KEEP_SIZE, page(0, 4)))).toEqual([
      'ENOMEM',
      'page[3]',
      'none free',
    ]);
    expect(file.folios.map(({ offset }) => offset)).toEqual([2 * PAGE]);
    expect(freed).toHaveLength(2);
  });

  it.each([
    ['without KEEP_SIZE', 0, page(0), 'EOPNOTSUPP'],
    ['another bit', KEEP_SIZE | 8, page(0), 'EOPNOTSUPP'],
    ['both kinds', KEEP_SIZE | PUNCH_HOLE | ZERO_RANGE, page(0), 'EOPNOTSUPP'],
    ['part of a page', KEEP_SIZE, { offset: 0, size: PAGE + 1 }, 'EINVAL'],
    ['an offset in a page', KEEP_SIZE | PUNCH_HOLE, { offset: 1, size: PAGE }, 'EINVAL'],
    ['nothing', KEEP_SIZE, page(0, 0), 'EINVAL'],
    ['beyond the end', KEEP_SIZE, page(3, 2), 'EINVAL'],
  ] as const)('refuses %s', (_, mode, range, errno) => {
    const { file } = machine();
    expect(failure(() => file.fallocate('qemu', mode, range))[0]).toBe(errno);
    expect(file.folios).toEqual([]);
  });

  it('punches a hole: the memory is free, and a page there is a new one', () => {
    const { file, freed } = machine();
    file.fallocate('qemu', KEEP_SIZE, page(0, 4));
    file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(1, 2));
    expect([file.folios.length, freed]).toEqual([2, [BASE + PAGE, BASE + 2 * PAGE]]);
    // What is beyond the end is no error.
    file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(3, 9));
    expect(file.folios.map(({ offset }) => offset)).toEqual([0]);
  });

  it('punches no hole where a page is held, and none at all then', () => {
    const { file } = machine();
    file.fallocate('qemu', KEEP_SIZE, page(0, 4));
    hold(file, 'pin', 'disk', 2);
    expect(failure(() => file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(0, 4)))).toEqual([
      'EBUSY',
      'page[2]',
      'pinned by disk',
    ]);
    expect(file.folios).toHaveLength(4);
  });
});

describe('truncate and release', () => {
  it('give back the memory behind the end, or all of it', () => {
    const { file, freed } = machine();
    file.fallocate('qemu', KEEP_SIZE, page(0, 4));
    finish(file.truncate('qemu', PAGE));
    expect([file.size, file.folios.length, freed.length]).toEqual([PAGE, 1, 3]);
    expect(failure(() => file.entries('test', page(1)))[0]).toBe('EINVAL');
    finish(file.truncate('qemu', 3 * PAGE));
    expect(file.entries('test', page(2))).toHaveLength(1);
    expect(failure(() => finish(file.truncate('qemu', 1)))[0]).toBe('EINVAL');
    finish(file.release('qemu'));
    expect([file.folios, freed.length]).toEqual([[], 5]);
    expect(failure(() => hold(file, 'pin', 'disk', 0))[0]).toBe('EBADF');
  });
});

describe('huge folios', () => {
  const huge = (options: Options = {}) =>
    machine({ size: 2 * HUGE, flags: guestMemoryFlags.ALLOW_HUGEPAGE, ...options });
  const sizes = ({ folios }: GuestMemoryFile) => new Set(folios.map(({ size }) => size));

  it('are made where a window is empty and such memory is to be had, else pages', () => {
    const { file } = huge({ pages: 600 });
    file.fallocate('qemu', KEEP_SIZE, { offset: 0, size: HUGE });
    expect(file.folios.map(({ size }) => size)).toEqual([HUGE]);
    // 88 pages are left: no huge one.
    expect(file.folioRange('fault', { offset: HUGE + 5 * PAGE, size: PAGE })).toEqual({
      offset: HUGE + 5 * PAGE,
      size: PAGE,
    });
    const { file: small } = machine({ size: 2 * HUGE });
    small.fallocate('qemu', KEEP_SIZE, { offset: 0, size: HUGE });
    expect(sizes(small)).toEqual(new Set([PAGE]));
  });

  it('a fault gets the whole window', () => {
    const { file } = huge();
    expect(file.folioRange('fault', { offset: HUGE + 5 * PAGE, size: PAGE })).toEqual({
      offset: HUGE,
      size: HUGE,
    });
  });

  it('split when a part is converted, and come together when all is alike again', () => {
    const { file } = huge();
    file.fallocate('qemu', KEEP_SIZE, { offset: 0, size: HUGE });
    finish(file.makeInaccessible('VM 128', page(7)));
    expect([file.folios.length, file.folios.filter(({ state }) => state === 'inaccessible').length]).toEqual([
      512, 1,
    ]);
    finish(file.makeAccessible('VM 128', page(7)));
    expect(file.folios.map(({ size, address }) => [size, address])).toEqual([[HUGE, BASE]]);
  });

  it('the state of a huge folio is that of its pages, and back', () => {
    const { file } = huge();
    finish(file.makeInaccessible('VM 128', { offset: 0, size: HUGE }));
    finish(file.makeAccessible('qemu', page(0)));
    expect(file.folios.filter(({ state }) => state === 'inaccessible')).toHaveLength(511);
    finish(file.makeInaccessible('VM 128', page(0)));
    expect(file.folios.map(({ state, inDirectMap }) => [state, inDirectMap])).toEqual([
      ['inaccessible', false],
    ]);
  });

  it('cannot split while held: the holder is named', () => {
    const { file } = huge();
    finish(file.hold('pin', 'disk', { offset: 0, size: HUGE }));
    expect(failure(() => finish(file.makeInaccessible('VM 128', page(3))))).toEqual([
      'EBUSY',
      'page[0]',
      'pinned by disk',
    ]);
    finish(file.drop('pin', 'disk', { offset: 0, size: HUGE }));
    finish(file.makeInaccessible('VM 128', page(3)));
  });

  it('do not come together while a page of them is held, or missing', () => {
    const { file, freed } = huge();
    file.fallocate('qemu', KEEP_SIZE, { offset: 0, size: HUGE });
    hold(file, 'pin', 'disk', 9);
    expect(file.folios).toHaveLength(512);
    finish(file.drop('pin', 'disk', page(9)));
    expect(file.folios).toHaveLength(1);
    file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(9));
    expect([file.folios.length, freed]).toEqual([511, [BASE + 9 * PAGE]]);
  });

  it('split and come together on stage 2 as well', () => {
    const { memory, file } = huge();
    file.fallocate('qemu', KEEP_SIZE, { offset: 0, size: HUGE });
    const host = memory.addressSpace(HOST);
    expect(host.tablePages).toBe(0);
    memory.lend(transition(BASE + 3 * PAGE), 7);
    expect(host.tablePages).toBe(1);
    expect(failure(() => finish(file.hold('mapping', 'qemu', { offset: 0, size: HUGE })))).toEqual([
      'EFAULT',
      'page[3]',
      'lent, a page of VM 3',
    ]);
    memory.reclaim(transition(BASE + 3 * PAGE));
    expect(host.tablePages).toBe(0);
  });
});
