import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/host/error.js';
import {
  BETWEEN,
  type Folio,
  finish,
  type GuestMemoryFile,
  Locks,
  type Steps,
} from '../../../src/host/guest-memory/index.js';
import { isWhole } from '../../part.js';
import { explore } from './explore.js';
import { machine, type Operation, operationsOn, PAGE, type Roles } from './machine.js';

const page = { offset: 0, size: PAGE };
const both = { offset: 0, size: 2 * PAGE };
const all = operationsOn(page);
const { hide, show, map, unmap, pin, unpin } = all;

function three(roles: Roles, operations: number, prepare?: (file: GuestMemoryFile) => void) {
  const alike = roles.every((role) => role === roles[0]);
  return explore({ make: () => machine(1, roles, prepare), actors: 3, operations, alike });
}

describe('the explorer', () => {
  const steps = (count: number): Operation => ({
    *begin() {
      for (let step = 1; step < count; step++) yield BETWEEN;
    },
  });

  it('counts as many schedules as there are', () => {
    // 12 steps of which each actor has 4: 12! / 4!^3.
    expect(three([{ four: steps(4) }, { four: steps(4) }, { four: steps(4) }], 1).schedules).toBe(34_650n);
    expect(three([{ two: steps(2) }, { one: steps(1), three: steps(3) }, {}], 1).schedules).toBe(3n + 10n);
  });

  it('finds the same when it runs every one of them to its end', () => {
    // Enough of the operations for every kind of pause and refusal: unmerged, each more costs many times as much.
    const some = isWhole ? { hide, map, pin } : { hide, map };
    const exploration = { make: () => machine(1, [some, some, some]), actors: 3, operations: 1, alike: true };
    expect(explore({ ...exploration, unmerged: true })).toEqual(explore(exploration));
  });
});

describe('operations on one page, three actors, every interleaving of their steps', () => {
  it('keeps the rules whatever each does once', () => {
    expect(three([all, all, all], 1)).toEqual({ schedules: 102_816n, states: 751 });
  });

  it('keeps them when everybody already has a mapping and a pin to give back', () => {
    const prepare = (file: GuestMemoryFile) => {
      for (const by of ['a', 'b', 'c'])
        for (const kind of ['mapping', 'pin'] as const) finish(file.hold(kind, by, page));
    };
    expect(three([all, all, all], 1, prepare)).toEqual({ schedules: 126_108n, states: 1070 });
  });

  it('keeps them when the page is inaccessible at first', () => {
    const prepare = (file: GuestMemoryFile) => finish(file.makeInaccessible('before', page));
    expect(three([all, all, all], 1, prepare)).toEqual({ schedules: 81_264n, states: 456 });
  });

  it('keeps them when one converts, one maps and one pins, twice or four times each', () => {
    const roles = [
      { hide, show },
      { map, unmap },
      { pin, unpin },
    ];
    if (isWhole) expect(three(roles, 4)).toEqual({ schedules: 445_396_445_435_946_184n, states: 50_891 });
    expect(three(roles, 2)).toEqual({ schedules: 117_651_546n, states: 2202 });
  });
});

describe('operations on two pages', () => {
  const first = operationsOn(page);
  const second = operationsOn({ offset: PAGE, size: PAGE });

  it('converts both or none', () => {
    const roles = [operationsOn(both), first, second].map(({ hide, show, ...holds }, index) =>
      index === 0 ? { hide, show } : holds,
    );
    const make = () => {
      const shared = machine(2, roles as Roles);
      return {
        ...shared,
        check: () => {
          shared.check();
          const [left, right] = shared.key().split(' ');
          const free = !shared.keyOf(0).includes('L');
          if (free && left?.split(',')[0] !== right?.split(',')[0]) throw new Error('half converted');
        },
      };
    };
    expect(explore({ make, actors: 3, operations: 2, alike: false })).toEqual({
      schedules: 10_056_135_560n,
      states: 13_504,
    });
  });

  it('never waits for ever, whichever ranges meet', () => {
    const whole = operationsOn(both);
    const roles = [whole, first, second].map(({ hide, show, pin }) => ({ hide, show, pin }));
    const make = () => machine(2, roles);
    expect(explore({ make, actors: 3, operations: 1, alike: false })).toEqual({
      schedules: 229_705n,
      states: 2441,
    });
  });
});

describe('planted faults are found', () => {
  const folioOf = (file: GuestMemoryFile) => file.folios[0] as Folio;

  function* locked(by: string, folios: readonly Folio[], change: () => void): Steps<void> {
    const locks = new Locks(
      by,
      folios.map(({ lock }) => lock),
    );
    yield* locks.take();
    yield BETWEEN;
    change();
    locks.giveBack();
  }

  function busy(actual: string): never {
    const issue = { code: 'busy', path: 'page[0]', offset: 0, expected: 'held by nobody', actual };
    throw new HostError('make_inaccessible', 'EBUSY', 'local', issue);
  }

  it('a conversion that looks at the counters before it has the lock', () => {
    const begin: Operation['begin'] = function* (file, by) {
      const folio = folioOf(file);
      if (!folio.canBecome('inaccessible')) return;
      yield BETWEEN;
      yield* locked(by, [folio], () => {
        folio.inDirectMap = false;
        folio.state = 'inaccessible';
      });
    };
    const early = { hide: { begin } };
    expect(() => three([early, { map }, { pin }], 1)).toThrow('inaccessible, but touched');
  });

  it('a mapping that looks at the state before it has the lock', () => {
    const begin: Operation['begin'] = function* (file, by) {
      const folio = folioOf(file);
      if (folio.state === 'inaccessible') return;
      yield BETWEEN;
      yield* locked(by, [folio], () => folio.add({ kind: 'mapping', holder: by }));
    };
    expect(() => three([{ hide }, { map: { begin } }, { pin }], 1)).toThrow('inaccessible, but touched');
  });

  it('references that become safe only under the lock, as in the series', () => {
    let late = 0;
    const map: Operation['begin'] = function* (file, by) {
      late++;
      yield BETWEEN;
      yield* locked(by, [folioOf(file)], () => late--);
    };
    const hide: Operation['begin'] = function* (file, by) {
      yield* locked(by, [folioOf(file)], () => {
        if (late > 0) busy('a reference that is not safe');
      });
    };
    const roles = [{ hide: { begin: hide } }, { map: { begin: map } }, { map: { begin: map } }];
    const prepare = () => {
      late = 0;
    };
    expect(() => three(roles, 1, prepare)).toThrow('refused for no reason');
  });

  it('locks taken in another order', () => {
    const taking = (order: (folios: readonly Folio[]) => readonly Folio[]): Operation => ({
      begin: (file, by) => locked(by, order(file.folios), () => {}),
    });
    const roles = [{ up: taking((folios) => folios) }, { down: taking((folios) => folios.toReversed()) }];
    const make = () => machine(2, roles);
    expect(() => explore({ make, actors: 2, operations: 1, alike: false })).toThrow('deadlock');
  });
});
