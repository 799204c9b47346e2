import {
  type FileRange,
  type Folio,
  GuestMemoryFile,
  type HoldKind,
  holdRules,
  type Steps,
} from '../../../src/host/guest-memory/index.js';
import type { Shared } from './explore.js';

export const PAGE = 4096;
const actorNames = ['a', 'b', 'c'];

/** A guest memory file of some pages, all in memory, at physical address 1 MiB and up. */
export function fileOf(pages: number): GuestMemoryFile {
  let next = 0x100000;
  const allocate = (size: number) => {
    next += size;
    return next - size;
  };
  const size = pages * PAGE;
  const file = new GuestMemoryFile({ size, flags: 0n, removeFromDirectMap: true, allocate });
  file.entries('test', { offset: 0, size });
  return file;
}

/** An operation that an actor may begin, if it has the hold that it ends. */
export interface Operation {
  readonly ends?: HoldKind;
  readonly begin: (file: GuestMemoryFile, by: string) => Steps<void>;
}

function held(kind: HoldKind, range: FileRange): Record<'begin' | 'end', Operation> {
  return {
    begin: { begin: (file, by) => file.hold(kind, by, range) },
    end: { ends: kind, begin: (file, by) => file.drop(kind, by, range) },
  };
}

/** The operations on a range. */
export function operationsOn(range: FileRange) {
  const mapping = held('mapping', range);
  const pin = held('pin', range);
  return {
    hide: { begin: (file, by) => file.makeInaccessible(by, range) },
    show: { begin: (file, by) => file.makeAccessible(by, range) },
    map: mapping.begin,
    unmap: mapping.end,
    pin: pin.begin,
    unpin: pin.end,
  } satisfies Record<string, Operation>;
}

/** Operations by name, for each actor. */
export type Roles = readonly Readonly<Record<string, Operation>>[];

function checkFolio(folio: Folio): void {
  const { state, inDirectMap, holds, lock } = folio;
  const touching = holds.filter(({ kind }) => holdRules[kind].needs === 'accessible');
  if (state === 'inaccessible' && (inDirectMap || touching.length > 0))
    throw new Error(`inaccessible, but touched: ${JSON.stringify({ inDirectMap, touching })}`);
  if (state === 'accessible' && !inDirectMap && lock.holder === undefined)
    throw new Error('accessible, but not in the direct map');
  const unsafe = holds.filter(({ kind }) => !holdRules[kind].safe).length;
  const uses = holds.filter(({ kind }) => kind === 'use').length;
  if (folio.references - folio.safe !== unsafe)
    throw new Error('a reference that is neither safe nor a hold');
  if (folio.accessible !== (state === 'accessible' ? 1 + uses : 0))
    throw new Error('accessible is miscounted');
}

/**
 * A file and actors at work on it, with the rules that hold at every step: what is inaccessible is touched by nobody,
 * the counters agree with the holds, who is refused is told somebody who really is in the way.
 *
 * @param prepare what has happened before the actors begin.
 */
export function machine(pages: number, roles: Roles, prepare?: (file: GuestMemoryFile) => void): Shared {
  const file = fileOf(pages);
  prepare?.(file);
  const { folios } = file;
  const nameOf = (actor: number) => actorNames[actor] as string;
  const roleOf = (actor: number) => roles[actor] ?? {};
  const holdsOf = (folio: Folio, holder: string) =>
    folio.holds.filter((hold) => hold.holder === holder).map(({ kind }) => kind);
  return {
    offers: (actor) =>
      Object.entries(roleOf(actor))
        .filter(
          ([, { ends }]) =>
            ends === undefined || folios.some((folio) => holdsOf(folio, nameOf(actor)).includes(ends)),
        )
        .map(([name]) => name),
    begin: (actor, operation) => {
      const { begin } = roleOf(actor)[operation] as Operation;
      return begin(file, nameOf(actor));
    },
    key: () =>
      folios
        .map(({ state, inDirectMap, references, safe }) => [state, inDirectMap, references, safe].join())
        .join(' '),
    keyOf: (actor) =>
      folios
        .map((folio) => {
          const locks = folio.lock.holder === nameOf(actor) ? 'L' : '';
          return `${locks}${holdsOf(folio, nameOf(actor)).sort().join()}`;
        })
        .join(' '),
    check: () => folios.forEach(checkFolio),
    settled: () => {
      for (const { references, holds, lock } of folios)
        if (references !== 1 + holds.length || lock.holder !== undefined) throw new Error('left behind');
    },
    refused: ({ errno, offset, actual }) => {
      if (errno !== 'EBUSY') return;
      const folio = folios[offset / PAGE];
      if (!folio?.holds.some(({ kind, holder }) => `${holdRules[kind].doc} ${holder}` === actual))
        throw new Error(`refused for no reason: ${actual}`);
    },
  };
}
