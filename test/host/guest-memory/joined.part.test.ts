import { describe, expect, it } from 'vitest';
import {
  BETWEEN,
  fallocateModes,
  finish,
  GuestMemoryFile,
  type HoldKind,
  type Steps,
} from '../../../src/host/guest-memory/index.js';
import { Access } from '../../../src/hypervisor/index.js';
import { isWhole } from '../../part.js';
import { explore, type Shared } from './explore.js';
import { BASE, failure, HOST, hold, machine, page, transition } from './joined.js';
import { PAGE } from './machine.js';

const { KEEP_SIZE, PUNCH_HOLE } = fallocateModes;

describe('folios and pages of the hypervisor are the same (seed 002)', () => {
  it.each([
    ['mapping', 'mapped by qemu'],
    ['pin', 'pinned by qemu'],
  ] as const)(
    'what has a %s can be neither lent nor shared nor donated, with page and holder',
    (kind, user) => {
      const { memory, file } = machine();
      hold(file, kind, 'qemu', 1);
      const [address] = [file.folios[0]?.address as number];
      for (const refused of [
        memory.lend(transition(address), Access.RWX),
        memory.share(transition(address), Access.R),
        memory.donate(transition(address)),
      ])
        expect(refused).toMatchObject({
          errno: 'EBUSY',
          code: 'in_use',
          offset: address,
          actual: user,
          pageOwner: HOST,
        });
      finish(file.drop(kind, 'qemu', page(1)));
      expect(memory.lend(transition(address), Access.RWX)).toBeUndefined();
    },
  );

  it('it can be when the last of several users is gone', () => {
    const { memory, file } = machine();
    for (const holder of ['qemu', 'qemu', 'disk']) hold(file, 'pin', holder, 0);
    for (const holder of ['qemu', 'disk', 'qemu']) {
      expect(memory.donate(transition(BASE))?.code).toBe('in_use');
      finish(file.drop('pin', holder, page(0)));
    }
    expect(memory.donate(transition(BASE))).toBeUndefined();
  });

  it.each(['lend', 'donate'] as const)(
    'what was given away by %s can be neither mapped nor pinned nor lent again',
    (step) => {
      const { memory, file } = machine();
      file.fallocate('qemu', KEEP_SIZE, page(0, 2));
      const refused =
        step === 'lend' ? memory.lend(transition(BASE + PAGE), 7) : memory.donate(transition(BASE + PAGE));
      expect(refused).toBeUndefined();
      const owner = step === 'lend' ? 'lent, a page of VM 3' : 'none, a page of VM 128';
      expect(failure(() => finish(file.hold('mapping', 'qemu', page(0, 2))))).toEqual([
        'EFAULT',
        'page[1]',
        owner,
      ]);
      expect(failure(() => hold(file, 'pin', 'disk', 1))).toEqual(['EFAULT', 'page[1]', owner]);
      finish(file.makeInaccessible('VM 129', page(1)));
      expect(failure(() => hold(file, 'loan', 'VM 129', 1))).toEqual(['EBUSY', 'page[1]', owner]);
      expect(failure(() => finish(file.makeAccessible('qemu', page(1))))).toEqual([
        'EBUSY',
        'page[1]',
        owner,
      ]);
      // The page before it was not kept when the range was refused.
      expect(memory.lend(transition(BASE), 7)).toBeUndefined();
    },
  );

  it('a shared page may be mapped: both have it', () => {
    const { memory, file } = machine();
    file.fallocate('qemu', KEEP_SIZE, page(0));
    memory.share(transition(BASE), Access.RW);
    hold(file, 'mapping', 'qemu', 0);
    expect(file.folios[0]?.holds).toEqual([{ kind: 'mapping', holder: 'qemu' }]);
  });

  it('one loan at a time', () => {
    const { file } = machine();
    finish(file.makeInaccessible('VM 128', page(0)));
    hold(file, 'loan', 'VM 128', 0);
    expect(failure(() => hold(file, 'loan', 'VM 129', 0))).toEqual(['EBUSY', 'page[0]', 'lent to VM 128']);
    expect(failure(() => hold(file, 'loan', 'VM 128', 0))).toEqual(['EBUSY', 'page[0]', 'lent to VM 128']);
    finish(file.drop('loan', 'VM 128', page(0)));
    hold(file, 'loan', 'VM 129', 0);
  });

  it('a lent page can be neither punched nor truncated nor released nor shown to the host', () => {
    const { file } = machine();
    finish(file.makeInaccessible('VM 128', page(2)));
    hold(file, 'loan', 'VM 128', 2);
    const told = ['EBUSY', 'page[2]', 'lent to VM 128'];
    expect(failure(() => file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(0, 4)))).toEqual(told);
    expect(failure(() => finish(file.truncate('qemu', PAGE)))).toEqual(told);
    expect(failure(() => finish(file.release('qemu')))).toEqual(told);
    expect(failure(() => finish(file.makeAccessible('qemu', page(2))))).toEqual(told);
    expect([file.size, file.folios.length]).toEqual([4 * PAGE, 1]);
  });

  it('nor a page that the hypervisor gave to somebody without the file', () => {
    const { memory, file } = machine();
    file.fallocate('qemu', KEEP_SIZE, page(0, 4));
    memory.donate(transition(BASE + 3 * PAGE));
    const told = ['EBUSY', 'page[3]', 'none, a page of VM 128'];
    expect(failure(() => file.fallocate('qemu', KEEP_SIZE | PUNCH_HOLE, page(0, 4)))).toEqual(told);
    expect(failure(() => finish(file.truncate('qemu', 0)))).toEqual(told);
    expect(failure(() => finish(file.release('qemu')))).toEqual(told);
    expect(file.folios).toHaveLength(4);
  });
});

/** An operation of the hypervisor, which happens at once. */
function* atOnce(operation: () => unknown): Steps<void> {
  yield BETWEEN;
  operation();
}

describe('the file and the hypervisor at once, every interleaving', () => {
  /** What the actors can do: two by the file, one by the hypervisor, which knows no locks. */
  function joined(): Shared {
    const { memory, file } = machine({ size: PAGE });
    file.fallocate('qemu', KEEP_SIZE, page(0));
    const names = ['a', 'b', 'hypervisor'];
    const has = (actor: number, kind: HoldKind) =>
      file.folios[0]?.holds.some((one) => one.kind === kind && one.holder === names[actor]) ?? false;
    const isLent = () => memory.records().some(({ value }) => value.lent);
    const isThere = () => file.folios.some(({ address }) => address === BASE);
    return {
      offers: (actor) => {
        // Memory that the file has given up is no page of it any more.
        if (actor === 2) return isLent() ? ['reclaim'] : isThere() ? ['lend'] : [];
        const all = ['hide', 'show', 'punch'];
        for (const kind of ['mapping', 'pin', 'loan'] as const)
          all.push(has(actor, kind) ? `un${kind}` : kind);
        return all;
      },
      begin: (actor, operation) => {
        const by = names[actor] as string;
        const range = page(0);
        if (operation === 'lend') return atOnce(() => isThere() && memory.lend(transition(BASE), 7));
        if (operation === 'reclaim') return atOnce(() => memory.reclaim(transition(BASE)));
        if (operation === 'hide') return file.makeInaccessible(by, range);
        if (operation === 'show') return file.makeAccessible(by, range);
        if (operation === 'punch') return file.punchHole(by, range);
        const kind = operation.replace('un', '') as HoldKind;
        return operation.startsWith('un') ? file.drop(kind, by, range) : file.hold(kind, by, range);
      },
      key: () =>
        [
          ...file.folios.map(({ state, inDirectMap, references, safe }) =>
            [state, inDirectMap, references, safe].join(),
          ),
          isLent(),
        ].join(' '),
      keyOf: (actor) =>
        file.folios
          .map(({ lock, holds }) => {
            const own = holds.filter(({ holder }) => holder === names[actor]).map(({ kind }) => kind);
            return `${lock.holder === names[actor] ? 'L' : ''}${own.sort().join()}`;
          })
          .join(' '),
      check: () => {
        const touched = file.folios.some(({ holds }) =>
          holds.some(({ kind }) => kind === 'mapping' || kind === 'pin'),
        );
        if (touched && isLent()) throw new Error('lent, but touched');
        if (isLent() && !isThere()) throw new Error('lent, but free');
        const loans = file.folios.flatMap(({ holds }) => holds.filter(({ kind }) => kind === 'loan'));
        if (loans.length > 1) throw new Error('lent twice');
      },
      settled: () => {
        for (const { references, holds, lock } of file.folios)
          if (references !== 1 + holds.length || lock.holder !== undefined) throw new Error('left behind');
      },
      refused: ({ errno }) => {
        if (!['EBUSY', 'EFAULT', 'EINVAL', 'ENOMEM'].includes(errno)) throw new Error(errno);
      },
    };
  }

  it('what is lent is never mapped, pinned or freed, and never lent twice', () => {
    const operations = isWhole ? 2 : 1;
    const { schedules, states } = explore({ make: joined, actors: 3, operations, alike: false });
    const least = isWhole ? { schedules: 1_000_000n, states: 1000 } : { schedules: 100n, states: 50 };
    expect([schedules > least.schedules, states > least.states]).toEqual([true, true]);
  });

  it('a file that does not tell the hypervisor is found', () => {
    const blind = () => {
      const shared = joined();
      const { memory } = machine({ size: PAGE });
      const deaf = new GuestMemoryFile({
        size: PAGE,
        flags: 0n,
        removeFromDirectMap: true,
        allocate: () => BASE,
      });
      return {
        ...shared,
        begin: (actor: number, operation: string) => {
          if (actor < 2)
            return operation === 'pin' ? deaf.hold('pin', 'a', page(0)) : shared.begin(actor, operation);
          return atOnce(() => memory.lend(transition(BASE), 7));
        },
        check: () => {
          const pinned = deaf.folios.some(({ holds }) => holds.length > 0);
          if (pinned && memory.records().some(({ value }) => value.lent))
            throw new Error('lent, but touched');
        },
      };
    };
    expect(() => explore({ make: blind, actors: 3, operations: 1, alike: false })).toThrow(
      'lent, but touched',
    );
  });
});
