import { describe, expect, it } from 'vitest';
import {
  formatRefusal,
  HYPERVISOR,
  type Party,
  PhysicalMemory,
  parcelOwner,
  type Refusal,
  type Transition,
} from '../../src/hypervisor/index.js';
import { recordAt } from '../../src/hypervisor/page-record.js';
import { budget } from '../part.js';
import { Random } from '../random.js';
import { withSeed } from '../seeded.js';
import { BLOCK, type No, PAGE, type Page, PageArray, type Step } from './page-array.js';

/** Operations in all, over a few worlds. */
const OPERATIONS = budget(100_000);
const WORLDS = 8;
/** Each world is looked at as a whole this often. */
const COMPARISONS = 10;

const HOST = 3;
const INTERNAL = 7;
/** A VM that may have so few pages of tables that they run out. */
const POOR = 129;
const VMS = [HOST, 128, POOR, INTERNAL, HYPERVISOR];
const NORMAL = { start: 0x40000000, size: 3 * BLOCK };
const IO = { start: 0x10000000, size: 48 * PAGE };
const EVERYBODY = [...VMS, parcelOwner(1), parcelOwner(2), -1];
const ABSURD = [0, 1, -PAGE, 4095, PAGE + 0.5, 2 ** 48, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY];
const STRANGERS = [70_000, 1.5, Number.NaN, -1e12];

const tablePagesMax = (owner: number) => (owner === POOR ? 2 : Number.POSITIVE_INFINITY);

/** Both models of one machine, and random operations on them. */
class World {
  readonly memory: PhysicalMemory;
  readonly naive: PageArray;
  readonly outcomes = new Map<string, number>();
  /** Pages that the host uses. */
  private readonly uses: [number, number][] = [];

  constructor(
    readonly random: Random,
    joinsBlocks: boolean,
  ) {
    this.memory = new PhysicalMemory({ tablePagesMax, joinsBlocks });
    this.naive = new PageArray(tablePagesMax, joinsBlocks);
    for (const model of [this.memory, this.naive]) {
      model.add('normal', NORMAL.start, NORMAL.size, HOST);
      model.add('io', IO.start, IO.size, HOST);
    }
    this.addInternal();
  }

  private addInternal(): void {
    this.memory.addInternal(INTERNAL);
    this.naive.abandon(INTERNAL);
    this.naive.space(INTERNAL, true);
  }

  /** One operation on both: they agree, and a refusal has changed nothing at all. */
  step(): void {
    const { random } = this;
    const kind = random.below(100);
    if (kind === 0) this.abandon();
    else if (kind < 8) this.unmap();
    else if (kind < 18) this.map();
    else if (kind < 22) this.use();
    else this.transition();
  }

  private abandon(): void {
    const owner = this.random.pick(VMS.slice(1));
    this.memory.abandon(owner);
    this.naive.abandon(owner);
    if (owner === INTERNAL) this.addInternal();
  }

  private transition(): void {
    const { random } = this;
    const [phys, page] = this.anyPage();
    const step = random.pick(stepsFor(page, random));
    const ending = step === 'unshare' || step === 'reclaim';
    const from = random.once(12) ? random.pick(EVERYBODY) : page.owner;
    const borrower = ending ? [...page.borrowers.keys()][0] : undefined;
    const to = borrower ?? random.pick(EVERYBODY);
    let source: Party = { owner: from, address: from === page.owner && from >= 0 ? page.at : phys };
    let target: Party = { owner: to, address: this.place(to, phys) };
    if (borrower !== undefined && !random.once(12))
      target = { owner: borrower, address: page.borrowers.get(borrower) ?? phys };
    if (random.once(60)) target = { ...target, address: undefined };
    if (random.once(80)) source = { ...source, address: random.pick(ABSURD) };
    if (random.once(80)) target = { ...target, address: random.pick(ABSURD) };
    if (random.once(150)) source = { ...source, owner: random.pick(STRANGERS) };
    if (random.once(150)) target = { ...target, owner: random.pick(STRANGERS) };
    const transition: Transition = {
      kind: random.once(20) ? 'io' : page.kind,
      source,
      target,
      size: this.size(phys),
    };
    const access = random.once(50) ? random.pick([0, 8, 1.5, -1]) : 1 + random.below(7);
    const refused = this.compare(
      () =>
        step === 'share' || step === 'lend'
          ? this.memory[step](transition, access)
          : this.memory[step](transition),
      () => this.naive.perform(step, transition, step === 'share' || step === 'lend' ? access : 7),
    );
    this.count(step, refused);
  }

  private map(): void {
    const { random } = this;
    const [phys, page] = this.hiddenPage() ?? this.anyPage();
    const owner = random.once(15) ? random.pick([...EVERYBODY, ...STRANGERS]) : page.owner;
    const kind = random.once(8) ? 'io' : page.kind;
    const access = random.once(30) ? 0 : 1 + random.below(7);
    const size = this.size(phys);
    const address = random.once(40) ? random.pick(ABSURD) : this.place(owner, phys);
    const region = { guestAddress: phys, size, userspaceAddress: 0xdead_beefn };
    const run = { address, phys, size };
    const identity = owner === INTERNAL && !random.once(4);
    const refused = this.compare(
      () =>
        identity
          ? this.memory.mapRegion(owner, region, access, kind)
          : this.memory.map(owner, run, access, kind),
      () =>
        identity
          ? this.naive.mapRegion(owner, phys, size, access, kind)
          : this.naive.map(owner, run, access, kind),
    );
    this.count('map', refused);
  }

  private unmap(): void {
    const [phys, page] = this.anyPage();
    const owner = this.random.once(12) ? this.random.pick([...EVERYBODY, ...STRANGERS]) : page.owner;
    const address = this.random.once(40) ? this.random.pick(ABSURD) : (page.at ?? phys);
    const size = this.size(phys);
    const refused = this.compare(
      () => this.memory.unmap(owner, address, size),
      () => this.naive.unmap(owner, address, size),
    );
    this.count('unmap', refused);
  }

  /** The host begins to use pages, or ends it. */
  private use(): void {
    const ended = this.uses.length > 3 ? this.uses.shift() : undefined;
    if (ended !== undefined) {
      this.memory.endUse(...ended, 'pinned by disk');
      this.naive.endUse(...ended);
      return;
    }
    const [phys] = this.anyPage();
    const size = (1 + this.random.below(8)) * PAGE;
    const refused = this.compare(
      () => this.memory.use(HOST, phys, size, 'pinned by disk'),
      () => this.naive.use(HOST, phys, size),
    );
    if (refused === undefined) this.uses.push([phys, size]);
    this.count('use', refused);
  }

  private compare(ours: () => Refusal | undefined, theirs: () => No | undefined): Refusal | undefined {
    const before = this.snapshot();
    const refusal = ours();
    const no = theirs();
    if (differs(refusal, no))
      expect.fail(`expected ${JSON.stringify(no)}, actual ${refusal && formatRefusal(refusal)}`);
    if (refusal !== undefined && !same(before, this.snapshot()))
      expect.fail(`changed something: ${formatRefusal(refusal)}`);
    return refusal;
  }

  /** Intervals are never changed, only replaced: the same objects mean that nothing was touched. */
  private snapshot(): readonly (readonly unknown[])[] {
    const spaces = VMS.map((owner) => this.memory.addressSpace(owner));
    return [
      this.memory.records().slice(),
      ...spaces.map((space) => space.mappings().slice()),
      spaces.map((space) => space.tablePages),
    ];
  }

  private count(step: string, refused: Refusal | undefined): void {
    const name = `${step} ${refused?.code ?? 'done'}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
  }

  /** A page that a VM owns and has nowhere; now and then none, though there is one. */
  private hiddenPage(): [number, Page] | undefined {
    if (this.random.once(8)) return undefined;
    for (const [phys, page] of this.naive.pages)
      if (page.owner >= 0 && page.at === undefined) return [phys, page];
    return undefined;
  }

  private anyPage(): [number, Page] {
    const { random } = this;
    const range = random.once(6) ? IO : NORMAL;
    let phys = range.start + random.below(range.size / PAGE) * PAGE;
    if (random.once(4)) phys -= phys % BLOCK;
    const page = this.naive.pages.get(phys);
    return page === undefined ? this.anyPage() : [phys, page];
  }

  /** Mostly few pages, sometimes all to the end of a block, or blocks. */
  private size(phys: number): number {
    const { random } = this;
    if (random.once(60)) return random.pick(ABSURD);
    if (random.once(10)) return BLOCK - (phys % BLOCK);
    if (random.once(25)) return (1 + random.below(2)) * BLOCK;
    return (1 + random.below(random.once(4) ? 40 : 4)) * PAGE;
  }

  /** Where a component may want a page: the same offset in a block, or not, in a window of four blocks. */
  private place(owner: number, phys: number): number {
    const { random } = this;
    if (owner === HOST || owner === INTERNAL || owner === HYPERVISOR || owner < 0)
      return random.once(20) ? phys + PAGE : phys;
    const window = 0x80000000 + random.below(4) * BLOCK;
    return random.once(2) ? window + (phys % BLOCK) : window + random.below(BLOCK / PAGE) * PAGE;
  }

  /** Every page, for everybody, both ways. */
  compareAll(): void {
    const seen: string[] = [];
    for (const { start, end, value } of this.memory.records())
      for (let at = start; at < end; at += PAGE) {
        const { kind, owner, address, borrowers, lent } = recordAt(value, at - start);
        seen.push(
          text(
            at,
            kind,
            owner,
            address,
            lent,
            borrowers.map((one) => [one.owner, one.address]),
          ),
        );
      }
    const expected = [...this.naive.pages]
      .sort(([left], [right]) => left - right)
      .map(([at, { kind, owner, at: address, lent, borrowers }]) =>
        text(
          at,
          kind,
          owner,
          address,
          lent,
          [...borrowers].sort(([left], [right]) => left - right),
        ),
      );
    expect(seen).toEqual(expected);
    for (const owner of VMS) this.compareSpace(owner);
  }

  private compareSpace(owner: number): void {
    const space = this.memory.addressSpace(owner);
    const naive = this.naive.space(owner);
    expect(space.tablePages).toBe(naive.tables.size);
    let pages = 0;
    for (const { start, end } of space.mappings()) pages += (end - start) / PAGE;
    expect(pages).toBe(naive.mapped.size);
    for (const [address, { phys, access }] of naive.mapped) {
      const page = this.naive.pages.get(phys);
      const lent = this.naive.stateOf(owner, page) === 'lent';
      const granule = naive.tables.has(address - (address % BLOCK)) ? PAGE : BLOCK;
      const wanted = 4;
      const reason = lent ? 'lent' : (access & wanted) === 0 ? 'permission' : undefined;
      const found = this.memory.translate(owner, address + 8, wanted);
      const right =
        'reason' in found
          ? found.reason === reason
          : reason === undefined &&
            found.phys === phys + 8 &&
            found.access === access &&
            found.granule === granule &&
            found.kind === page?.kind;
      if (!right) expect.fail(`VM ${owner} at ${address}: ${JSON.stringify(found)}, not ${phys} ${reason}`);
    }
  }
}

function same(left: readonly (readonly unknown[])[], right: readonly (readonly unknown[])[]): boolean {
  return left.every((list, row) => {
    const other = right[row] ?? [];
    if (list.length !== other.length) return false;
    for (let index = 0; index < list.length; index++) if (list[index] !== other[index]) return false;
    return true;
  });
}

function text(...parts: unknown[]): string {
  return JSON.stringify(parts);
}

/** What may work on a page, most of the time. */
function stepsFor(page: Page, random: Random): readonly Step[] {
  if (random.once(6)) return ['donate', 'share', 'unshare', 'lend', 'reclaim'];
  if (page.lent) return ['reclaim'];
  return page.borrowers.size > 0 ? ['share', 'unshare', 'unshare'] : ['donate', 'share', 'lend'];
}

/** Does random operations in a world. */
function play(seed: number): World {
  const world = new World(new Random(seed), seed % 2 === 0);
  for (let index = 1; index <= OPERATIONS / WORLDS; index++) {
    world.step();
    if (index % (OPERATIONS / WORLDS / COMPARISONS) === 0) world.compareAll();
  }
  return world;
}

const FIELDS = ['code', 'errno', 'path', 'owner', 'offset', 'pageOwner'] as const;

function differs(refusal: Refusal | undefined, no: No | undefined): boolean {
  if (refusal === undefined || no === undefined) return refusal !== no;
  return FIELDS.some((field) => !Object.is(refusal[field], no[field]));
}

describe('physical memory', () => {
  it('is to everybody what an array of pages is, whatever is done to it', () => {
    const outcomes = new Map<string, number>();
    for (let number = 1; number <= WORLDS; number++) {
      const world = withSeed(number, play);
      for (const [name, count] of world.outcomes) outcomes.set(name, (outcomes.get(name) ?? 0) + count);
    }
    const rare = (step: string) =>
      ['done', 'state', 'size', 'address', 'component'].map((code) => `${step} ${code}`);
    const codes = ['kind', 'identity', 'mapped', 'borrowed', 'not_borrowed', 'tables', 'rights', 'in_use'];
    for (const name of ['donate', 'share', 'unshare', 'lend', 'reclaim', 'map', 'unmap'].flatMap(rare))
      expect(outcomes.get(name) ?? 0, name).toBeGreaterThan(budget(20));
    for (const code of codes) {
      const met = [...outcomes].filter(([name]) => name.endsWith(` ${code}`));
      expect(
        met.reduce((sum, [, count]) => sum + count, 0),
        code,
      ).toBeGreaterThan(budget(100));
    }
  });
});
