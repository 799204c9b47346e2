/**
 * `npm run bench`, its part about memory: a range of one page and a range of a million pages are donated, lent and
 * given back. Both are one range, so both must cost about the same.
 */
import { Access, PAGE_SIZE, PhysicalMemory, type Transition } from '../../src/hypervisor/index.js';
import { measure, median, quotient } from './harness.js';

const BATCH = 100;
/** How many times a million pages may cost what one page costs. */
const GROWTH_MAX = 1.5;
const PAGES = [1, 1_000_000];
const BEGIN = 2 ** 40;
const HOST = 3;
const VM = 128;
const BORROWER = 129;
/** Transitions of one round. */
const STEPS = 4;

function round(pages: number) {
  const memory = new PhysicalMemory();
  memory.add('normal', BEGIN, 2 ** 40, HOST);
  const size = pages * PAGE_SIZE;
  const at = (owner: number, address: number) => ({ owner, address });
  const donation: Transition = {
    kind: 'normal',
    source: at(HOST, BEGIN + PAGE_SIZE),
    target: at(VM, PAGE_SIZE),
    size,
  };
  const back = { ...donation, source: donation.target, target: donation.source };
  const loan = { ...donation, source: donation.target, target: at(BORROWER, PAGE_SIZE) };
  return {
    count: BATCH * STEPS,
    run: () => {
      for (let index = 0; index < BATCH; index++) {
        const refusal =
          memory.donate(donation) ??
          memory.lend(loan, Access.RW) ??
          memory.reclaim(loan) ??
          memory.donate(back);
        if (refusal !== undefined) throw new Error(refusal.code);
      }
    },
  };
}

const samples = measure(PAGES.map(round));
const [one = [], many = []] = samples;
for (const [index, pages] of PAGES.entries()) {
  const ns = median(samples[index] ?? []);
  const rate = Math.round(1e9 / ns).toLocaleString('en');
  process.stdout.write(
    `${`transitions of ${pages.toLocaleString('en')} pages`.padEnd(44)}${ns.toFixed(0).padStart(7)} ns ${rate.padStart(11)} steps/s\n`,
  );
}
const growth = quotient(many, one);
const kept = growth <= GROWTH_MAX;
process.stdout.write(
  `a million pages cost ${growth.toFixed(2)} x one page  ${kept ? 'ok' : `MISSED (limit ${GROWTH_MAX})`}\n`,
);
if (!kept) process.exitCode = 1;
