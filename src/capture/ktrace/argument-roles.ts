import type { Direction } from './message.js';

/** What an argument of a probe tells of a message. */
export type Role = 'data' | 'queue' | 'size' | 'result';

/** An argument of a probe, as one event shows it. */
export interface ProbeArgument {
  readonly name: string;
  /** Elements of an array; undefined for a scalar. */
  readonly elements: number | undefined;
  /** Of a scalar, or the first element of an array; undefined when it is no number. */
  readonly value: bigint | undefined;
}

/** The arguments of one probe that matter, or why they cannot be told. */
export type LearntRoles = Roles | 'nothing' | 'unclear';

/** Names that tell a role. The first that fits counts. */
const NAMES: readonly (readonly [Exclude<Role, 'data'>, RegExp])[] = [
  ['result', /^(?:r|rc|rv|ret\w*|res|result|err|errno|error|status)$/i],
  ['size', /^(?:n|nr|sz|count|cnt|n?bytes|\w*(?:size|len|length))(?:_t)?$/i],
  ['queue', /^(?:q|queue\w*|\w*msgq\w*|cap\w*|desc\w*|handle|label)$/i],
];
/** The names that the scripts of `capture` give, which count before others of the same role. */
const OWN: Readonly<Record<Exclude<Role, 'data' | 'size'>, RegExp>> = {
  result: /^ret$/,
  queue: /^(?:capid|desc)$/,
};
/** Names that can be nothing else than a size. */
const PLAIN_SIZE = /(?:size|len|length)(?:_t)?$/i;
/** Sizes of the memory that a receive may fill. */
const ROOM = /^(?:size|max\w*|buf\w*)$/i;
/** What the kernel calls the arguments of a probe that gives them no names. */
const UNNAMED = /^arg\d+$/;
/** Elements that cover the 240 bytes of a queue message exactly. */
const WHOLE_COUNTS = [30, 60, 120, 240];
/** Arguments in front of the data of a probe that gives no names. */
const UNNAMED_MAX = 4;
/** Messages have 1..240 bytes. */
const SIZE_MAX = 240n;
/** The first byte of each message of RM. */
const RM_FIRST_BYTE = 0x21n;

interface Entry {
  readonly name: string;
  readonly role: Role;
  /** The name is followed by a number from this on; undefined: it is the whole name. */
  readonly from: number | undefined;
}

/** The names that the arguments of one probe have, and what they tell. */
export class Roles {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** The role of the name in bytes [start, end) of `data`; undefined when it has none. */
  of(data: Uint8Array, start: number, end: number): Role | undefined {
    for (const { name, role, from } of this.#entries) {
      const { length } = name;
      const rest = end - start - length;
      if (from === undefined ? rest !== 0 : rest <= 0) continue;
      let index = 0;
      while (index < length && data[start + index] === name.charCodeAt(index)) index++;
      if (index < length) continue;
      if (from === undefined || numberAt(data, start + length, end) >= from) return role;
    }
    return undefined;
  }
}

/**
 * Learns the roles of a probe's arguments from one event: the data is its array, its arrays that follow each other, or a
 * numbered family of scalars. The others show themselves by their names, or by being the only one that it can be.
 */
export function rolesOf(all: readonly ProbeArgument[], direction: Direction): LearntRoles {
  const data = dataOf(all);
  if (data === 'nothing' || data === 'unclear') return data;
  const scalars = all.filter(({ elements }, index) => elements === undefined && !data.indexes.has(index));
  const named = (role: Role) => scalars.filter(({ name }) => roleOfName(name) === role);
  const size = sizeOf(named('size'), direction) ?? sizeByValue(named('size'), scalars, data.first);
  if (size === undefined) return 'unclear';
  const others = scalars.filter((argument) => argument !== size);
  const result =
    preferred(named('result'), OWN.result) ??
    others.find(({ name, value }) => UNNAMED.test(name) && value === 0n);
  const queue = preferred(named('queue'), OWN.queue);
  return new Roles([
    ...data.entries,
    entry(size.name, 'size'),
    ...(result === undefined ? [] : [entry(result.name, 'result')]),
    ...(queue === undefined ? [] : [entry(queue.name, 'queue')]),
  ]);
}

interface Data {
  readonly entries: readonly Entry[];
  readonly indexes: ReadonlySet<number>;
  /** The first word of the message. */
  readonly first: bigint | undefined;
}

function dataOf(all: readonly ProbeArgument[]): Data | 'nothing' | 'unclear' {
  const arrays = all.flatMap(({ elements }, index) => (elements === undefined ? [] : [index]));
  const own = arrays.filter((index) => (all[index] as ProbeArgument).name === 'data');
  const family = own.length > 0 ? own : arrays.length > 0 ? arrays : longestFamily(all);
  const [start] = family;
  if (start === undefined) return 'nothing';
  const first = all[start] as ProbeArgument;
  if (arrays.length === 0 && hasMoreOf(first.name, all, family)) return 'unclear';
  const data = { indexes: new Set(family), first: first.value };
  const names = family.map((index) => (all[index] as ProbeArgument).name);
  if (names.length === 1) return { ...data, entries: [entry(first.name, 'data')] };
  const isTogether = family.every((index, place) => index === start + place);
  if (isTogether && family.slice(1).every((index) => isNext(all, start, index))) {
    const { prefix, number } = numbered(first.name);
    return { ...data, entries: [{ name: prefix, role: 'data', from: number }] };
  }
  const elements = family.reduce((sum, index) => sum + ((all[index] as ProbeArgument).elements ?? 1), 0);
  if (!isTogether || !WHOLE_COUNTS.includes(elements)) return 'unclear';
  return { ...data, entries: names.map((name) => entry(name, 'data')) };
}

/** Whether numbered names of a family stand elsewhere too: then their order is not that of memory. */
function hasMoreOf(name: string, all: readonly ProbeArgument[], family: readonly number[]): boolean {
  if (UNNAMED.test(name)) return false;
  const { prefix } = numbered(name);
  return all.some((argument, index) => !family.includes(index) && numbered(argument.name).prefix === prefix);
}

/** The indexes of the scalars with numbered names that follow each other. */
function longestFamily(all: readonly ProbeArgument[]): number[] {
  let longest: number[] = [];
  for (let start = 0; start < all.length; ) {
    let end = start + 1;
    while (end < all.length && isNext(all, start, end)) end++;
    let begin = start;
    // Without names the first arguments are the queue and the size, and the last cover a message exactly.
    if (UNNAMED.test((all[start] as ProbeArgument).name)) {
      const count = WHOLE_COUNTS.find((whole) => end - start >= whole && end - start <= whole + UNNAMED_MAX);
      begin = count === undefined ? end : end - count;
    }
    if (end - begin > Math.max(1, longest.length))
      longest = Array.from({ length: end - begin }, (_, index) => begin + index);
    start = end;
  }
  return longest;
}

/** Whether an argument goes on with the numbers of those from `start` on. */
function isNext(all: readonly ProbeArgument[], start: number, index: number): boolean {
  const [first, second, before, last] = [start, start + 1, index - 1, index].map((at) =>
    numbered((all[at] as ProbeArgument).name),
  ) as [Numbered, Numbered, Numbered, Numbered];
  if (last.prefix === '' || first.prefix !== last.prefix) return false;
  const step = second.number - first.number;
  return step > 0 && last.number - before.number === step;
}

interface Numbered {
  /** '' for a name without a number. */
  readonly prefix: string;
  readonly number: number;
}

function numbered(name: string): Numbered {
  const [, prefix = '', digits = '0'] = /^(.*?)(\d+)$/.exec(name) ?? [];
  return { prefix, number: Number(digits) };
}

/** Of several names: that of a size, not of a number of things; a receive also has the size of the memory that it may fill. */
function sizeOf(named: readonly ProbeArgument[], direction: Direction): ProbeArgument | undefined {
  const plain = named.filter(({ name }) => PLAIN_SIZE.test(name));
  const able = plain.length > 0 ? plain : named;
  // `buf_size=240 n=20`: either may be what came.
  if (direction === 'rx' && able.length < named.length && able.every(({ name }) => ROOM.test(name)))
    return undefined;
  if (able.length <= 1) return able[0];
  return direction === 'tx'
    ? (able.find(({ name }) => name === 'size') ?? able.find(({ name }) => name === 'len'))
    : only(able.filter(({ name }) => !ROOM.test(name)));
}

function sizeByValue(
  named: readonly ProbeArgument[],
  scalars: readonly ProbeArgument[],
  first: bigint | undefined,
): ProbeArgument | undefined {
  // Only a message of RM shows that these are the arguments of a call that moved one.
  if (named.length > 0 || first === undefined || (first & 0xffn) !== RM_FIRST_BYTE) return undefined;
  const able = scalars.filter(
    ({ name, value = 0n }) => roleOfName(name) === undefined && value > 0n && value <= SIZE_MAX,
  );
  return only(able);
}

function preferred(named: readonly ProbeArgument[], own: RegExp): ProbeArgument | undefined {
  return named.find(({ name }) => own.test(name)) ?? only(named);
}

function roleOfName(name: string): Role | undefined {
  return NAMES.find(([, pattern]) => pattern.test(name))?.[0];
}

function entry(name: string, role: Role): Entry {
  return { name, role, from: undefined };
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/** The number that digits are; -1 when they are something else. */
function numberAt(data: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (data[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
