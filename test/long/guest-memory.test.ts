import { expect, it } from 'vitest';
import { explore } from '../host/guest-memory/explore.js';
import { machine, operationsOn, PAGE } from '../host/guest-memory/machine.js';

const page = { offset: 0, size: PAGE };
const whole = { offset: 0, size: 2 * PAGE };

it('three actors do anything twice to one page', () => {
  const all = operationsOn(page);
  const make = () => machine(1, [all, all, all]);
  expect(explore({ make, actors: 3, operations: 2, alike: true }).schedules).toBe(144_776_538_816n);
});

it('each schedule on two pages, run to its end, is counted when they are merged', () => {
  const roles = [operationsOn(whole), operationsOn(page), operationsOn({ offset: PAGE, size: PAGE })].map(
    ({ hide, show, pin }) => ({ hide, show, pin }),
  );
  const exploration = { make: () => machine(2, roles), actors: 3, operations: 1, alike: false };
  const { schedules } = explore(exploration);
  expect(explore({ ...exploration, unmerged: true }).schedules).toBe(schedules);
  expect(schedules).toBe(229_705n);
});
