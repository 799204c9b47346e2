import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/error.js';
import { HostError } from '../../../src/host/error.js';
import {
  finish,
  GuestMemoryFile,
  type GuestMemoryOptions,
  guestMemoryFlags,
} from '../../../src/host/guest-memory/index.js';
import { fileOf, PAGE } from './machine.js';

const HUGE = 0x200000;
const { CLOEXEC, ALLOW_HUGEPAGE } = guestMemoryFlags;

function create(options: Partial<GuestMemoryOptions>): GuestMemoryFile {
  return new GuestMemoryFile({
    size: PAGE,
    flags: 0n,
    removeFromDirectMap: true,
    allocate: () => 0,
    ...options,
  });
}

/** The error of an action, as data. */
function failure(action: () => unknown): Partial<HostError> {
  try {
    action();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { call, errno, endedBy, code, path, offset, expected, actual } = error;
    return { call, errno, endedBy, code, path, offset, expected, actual };
  }
  throw new Error('no error');
}

const page = (index: number, count = 1) => ({ offset: index * PAGE, size: count * PAGE });

describe('CREATE_GUEST_MEM', () => {
  it('takes any number of pages, and its two flags', () => {
    for (const size of [0, PAGE, 2 ** 40]) expect(create({ size }).size).toBe(size);
    for (const flags of [0n, CLOEXEC]) expect(create({ flags }).folioSize).toBe(PAGE);
    for (const flags of [ALLOW_HUGEPAGE, CLOEXEC | ALLOW_HUGEPAGE])
      expect(create({ flags }).folioSize).toBe(HUGE);
  });

  it('refuses a part of a page, and other flags', () => {
    for (const size of [1, PAGE - 1, PAGE + 1, -PAGE, 0.5, Number.NaN, 2 ** 60])
      expect(failure(() => create({ size }))).toMatchObject({
        call: 'CREATE_GUEST_MEM',
        errno: 'EINVAL',
        code: 'alignment',
        path: 'size',
        actual: size,
      });
    for (const flags of [4n, 1n << 63n, -1n, CLOEXEC | 8n])
      expect(failure(() => create({ flags }))).toMatchObject({
        errno: 'EINVAL',
        code: 'flags',
        actual: flags,
      });
  });
});

describe('a range', () => {
  it('is aligned to pages, not empty and in the file', () => {
    const file = create({ size: 4 * HUGE, flags: ALLOW_HUGEPAGE });
    const of = (offset: number, size: number) => () => finish(file.makeInaccessible('me', { offset, size }));
    for (const action of [of(1, HUGE), of(0, PAGE - 1), of(-HUGE, HUGE), of(0, Number.NaN)])
      expect(failure(action)).toMatchObject({ errno: 'EINVAL', code: 'alignment', expected: PAGE });
    for (const action of [of(0, 0), of(4 * HUGE, HUGE), of(3 * HUGE, 2 * HUGE)])
      expect(failure(action)).toMatchObject({ errno: 'EINVAL', code: 'range' });
    expect(file.folios).toEqual([]);
  });

  it('gets its memory when it is first asked for', () => {
    const free = [0x5000, 0x9000];
    const file = create({ size: 8 * PAGE, allocate: () => free.shift() });
    finish(file.hold('mapping', 'qemu', page(6)));
    expect(file.entries('MEM_LEND', page(5, 2))).toEqual([
      { address: 0x9000, size: PAGE },
      { address: 0x5000, size: PAGE },
    ]);
    expect(failure(() => finish(file.hold('pin', 'qemu', page(4, 3))))).toMatchObject({
      call: 'pin',
      errno: 'ENOMEM',
      path: 'page[4]',
      offset: 4 * PAGE,
    });
    expect(file.folios.map(({ offset, references }) => [offset, references])).toEqual([
      [5 * PAGE, 1],
      [6 * PAGE, 2],
    ]);
  });
});

it('a range larger than all memory is refused as soon as there is none left', () => {
  const free = [0x5000, 0x9000];
  const file = create({ size: 2 ** 52, allocate: () => free.shift() });
  const whole = { offset: 0, size: 2 ** 52 };
  expect(failure(() => finish(file.makeInaccessible('me', whole)))).toMatchObject({
    errno: 'ENOMEM',
    path: 'page[2]',
  });
  expect(failure(() => finish(file.drop('pin', 'me', whole)))).toMatchObject({
    errno: 'EINVAL',
    path: 'page[0]',
  });
});

describe('conversion', () => {
  it('changes all pages, or none when one is held, and names page and holder', () => {
    const file = fileOf(4);
    for (const [kind, word] of [
      ['mapping', 'mapped by'],
      ['pin', 'pinned by'],
      ['use', 'used by'],
    ] as const) {
      finish(file.hold(kind, 'qemu', page(2)));
      expect(failure(() => finish(file.makeInaccessible('VM 128', page(0, 4))))).toEqual({
        call: 'make_inaccessible',
        errno: 'EBUSY',
        endedBy: 'local',
        code: 'busy',
        path: 'page[2]',
        offset: 2 * PAGE,
        expected: 'held by nobody',
        actual: `${word} qemu`,
      });
      expect(file.folios.every(({ state, inDirectMap }) => state === 'accessible' && inDirectMap)).toBe(true);
      finish(file.drop(kind, 'qemu', page(2)));
    }
    finish(file.makeInaccessible('VM 128', page(0, 4)));
    expect(file.folios.some(({ state, inDirectMap }) => state === 'accessible' || inDirectMap)).toBe(false);
  });

  it('refuses as long as the last of several holds is there', () => {
    const file = fileOf(1);
    for (const holder of ['qemu', 'qemu', 'disk']) finish(file.hold('pin', holder, page(0)));
    for (const holder of ['qemu', 'disk', 'qemu']) {
      expect(failure(() => finish(file.makeInaccessible('VM 128', page(0)))).errno).toBe('EBUSY');
      finish(file.drop('pin', holder, page(0)));
    }
    finish(file.makeInaccessible('VM 128', page(0)));
  });

  it('gives back what is not lent', () => {
    const file = fileOf(2);
    finish(file.makeInaccessible('VM 128', page(0, 2)));
    finish(file.hold('loan', 'VM 128', page(1)));
    expect(failure(() => finish(file.makeAccessible('qemu', page(0, 2))))).toMatchObject({
      call: 'make_accessible',
      errno: 'EBUSY',
      path: 'page[1]',
      actual: 'lent to VM 128',
    });
    finish(file.drop('loan', 'VM 128', page(1)));
    finish(file.makeAccessible('qemu', page(0, 2)));
    expect(file.folios.every(({ inDirectMap, accessible }) => inDirectMap && accessible === 1)).toBe(true);
  });

  it('leaves the direct map alone unless told otherwise', () => {
    const file = create({ removeFromDirectMap: false });
    finish(file.makeInaccessible('VM 128', page(0)));
    expect(file.folios.map(({ state, inDirectMap }) => [state, inDirectMap])).toEqual([
      ['inaccessible', true],
    ]);
  });

  it('is none when nothing changes', () => {
    const file = fileOf(1);
    finish(file.hold('mapping', 'qemu', page(0)));
    finish(file.makeAccessible('qemu', page(0)));
    finish(file.drop('mapping', 'qemu', page(0)));
    for (let time = 0; time < 2; time++) finish(file.makeInaccessible('VM 128', page(0)));
    expect(file.folios[0]?.references).toBe(1);
  });
});

describe('a hold', () => {
  it('is refused where the state is another, a mapping by SIGBUS', () => {
    const file = fileOf(3);
    finish(file.makeInaccessible('VM 128', page(1)));
    const range = page(0, 3);
    const refused = { errno: 'EFAULT', path: 'page[1]', offset: PAGE };
    const wants = { expected: 'accessible', actual: 'inaccessible' };
    expect(failure(() => finish(file.hold('mapping', 'qemu', range)))).toMatchObject({
      ...refused,
      ...wants,
      code: 'sigbus',
    });
    for (const kind of ['pin', 'use'] as const)
      expect(failure(() => finish(file.hold(kind, 'qemu', range)))).toMatchObject({
        ...refused,
        ...wants,
        code: 'state',
      });
    expect(failure(() => finish(file.hold('loan', 'VM 128', range)))).toMatchObject({ path: 'page[0]' });
    expect(file.folios.flatMap(({ holds }) => holds)).toEqual([]);
  });

  it('ends only where it is', () => {
    const file = fileOf(2);
    finish(file.hold('pin', 'qemu', page(0)));
    for (const [kind, holder] of [
      ['pin', 'qemu'],
      ['mapping', 'qemu'],
      ['pin', 'disk'],
    ] as const)
      expect(failure(() => finish(file.drop(kind, holder, page(0, 2))))).toMatchObject({
        errno: 'EINVAL',
        code: 'hold',
        actual: 'not so',
      });
    expect(file.folios[0]?.holds).toEqual([{ kind: 'pin', holder: 'qemu' }]);
  });

  it('of the kernel counts as access, and is safe', () => {
    const file = fileOf(1);
    finish(file.hold('use', 'VM manager', page(0)));
    finish(file.hold('mapping', 'qemu', page(0)));
    const [folio] = file.folios;
    expect([folio?.references, folio?.safe, folio?.accessible]).toEqual([3, 2, 2]);
  });
});

it('an operation by itself does not wait for another', () => {
  const file = fileOf(1);
  const other = file.makeInaccessible('VM 128', page(0));
  other.next();
  other.next();
  expect(() => finish(file.hold('mapping', 'qemu', page(0)))).toThrow(UsageError);
  expect(finish(other)).toBeUndefined();
  expect(file.folios.map(({ references, lock }) => [references, lock.holder])).toEqual([[1, undefined]]);
});
