import type { Case, CaseStep, Chapter, Expectation, Level, Reference, VmRef } from '../case.js';

export const HLOS = 3;
export const vm: Reference = { $: 'vm.vmid' };
export const image: Reference = { $: 'image.mem_handle' };
export const parcel: Reference = { $: 'parcel.mem_handle' };
/** The manager gives this VMID to a late VM: no case makes so many. */
export const UNKNOWN_VMID = 189;
/** No parcel has it. */
export const UNKNOWN_HANDLE = 0x7ffffff0;
export const PAGE = 0x1000;

export const IMAGE = {
  address: 0x88000000,
  size: 0x2000000,
  treeOffset: 0x1000000,
  treeSize: 0x100000,
} as const;
/** Memory of HLOS that cases give away, away from the image. */
export const MEMORY = 0xa0000000;

type Expect = CaseStep['expect'];
interface Options {
  readonly from?: VmRef;
  readonly as?: string;
}

/** A request by its fields. */
export function ask(name: string, payload: object, expect: Expect, options: Options = {}): CaseStep {
  return { message: { name, payload }, expect, ...options };
}

/** A request by the bytes of its payload, in hexadecimal. */
export function askRaw(name: string, raw: string, expect: Expect, options: Options = {}): CaseStep {
  return { message: { name, raw }, expect, ...options };
}

export function reclaim(mem_handle: unknown, expect: Expect = 'OK', options: Options = {}): CaseStep {
  return ask('MEM_RECLAIM', { mem_handle, flags: [] }, expect, options);
}

/** Whole queue messages, in hexadecimal. */
export function put(frames: readonly string[], expect: Expect, options: Options = {}): CaseStep {
  return { frames, expect, ...options };
}

/** Payload of a request that makes a parcel. @param fields those that differ from a parcel of normal memory. */
export function parcelOf(fields: object): object {
  return { mem_type: 'NORMAL', flags: [], attr_entries: [], ...fields };
}

/** Payload of a MEM_ACCEPT by which the manager chooses the addresses. */
export function acceptanceOf(fields: object): object {
  return { ...parcelOf({ acl_entries: [], map_vmid: 0, sgl_entries: [] }), ...fields };
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

export function ok(payload?: object): Expectation {
  return payload === undefined ? { error: 'OK' } : { error: 'OK', payload };
}

/** VM_STATUS of the VM to HLOS. */
export function status(vm_status: string): Expectation {
  return { to: HLOS, type: 'notification', name: 'VM_STATUS', payload: { vmid: vm, vm_status } };
}

/** Where rules come from. */
export const sources = {
  framing: 'framing of RM23, and of all Linux clients',
  rm23: 'resource manager of December 2023 (RM23), source and recordings',
  recorded: 'recordings of RM23',
  declared: 'declaration of the message (gunyah-rm describe)',
} as const;

/** What differs between the cases of a chapter. */
export type CaseRow = readonly [
  what: string,
  rule: string,
  steps: readonly CaseStep[],
  given?: readonly CaseStep[],
  needsBoot?: 'boot' | undefined,
];

/** Cases of one chapter and source. @param usual what is given for the rows that say nothing else. */
export function casesOf(
  chapter: Chapter,
  level: Level,
  source: string,
  rows: readonly CaseRow[],
  usual: readonly CaseStep[] = [],
): Case[] {
  return rows.map(([what, rule, steps, given = usual, needsBoot]) => ({
    name: `${chapter}/${what}`,
    chapter,
    level,
    source,
    rule,
    given,
    steps,
    ...(needsBoot === undefined ? {} : { needsBoot: true }),
  }));
}
