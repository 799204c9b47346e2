import {
  limits,
  MEM_DONATE,
  MEM_LEND,
  MEM_SHARE,
  protocol,
  VM_ALLOC_VMID,
  VM_IRQ_LEND,
} from '../../../schemas/index.js';
import { annotate } from '../../codec/index.js';
import { MessageType, payloadOf } from '../../schema/index.js';
import { type Field, ListType, StructType } from '../../wire/index.js';
import { headerOf, idOf, viewOf } from '../targets/frames.js';
import type { Response, Step } from '../targets/step.js';

/** What a manager hands out, by the roles of the fields that name it. */
type Role = 'vmid' | 'mem_handle' | 'virq_handle';

/** Calls whose reply hands something out: it is the field behind the error word. */
const allocatingCalls: ReadonlyMap<number, Role> = new Map<number, Role>([
  [VM_ALLOC_VMID.id, 'vmid'],
  [MEM_DONATE.id, 'mem_handle'],
  [MEM_LEND.id, 'mem_handle'],
  [MEM_SHARE.id, 'mem_handle'],
  [VM_IRQ_LEND.id, 'virq_handle'],
]);
const sizes: Readonly<Record<Role, number>> = { vmid: 2, mem_handle: 4, virq_handle: 4 };
const GIVEN_OFFSET = limits.header + 4;

/** A place in a step that names what an earlier step was given. */
interface Use {
  /** Byte offset in the frame, or the VM that the step is about. */
  readonly at: number | 'vm';
  readonly size: number;
  /** The request that it was given for, by its number in the session as recorded. */
  readonly giver: number;
}

/** A step that keeps its meaning when steps before it are left out. */
export interface BoundStep {
  readonly step: Step;
  /** Number in the session as recorded. */
  readonly number: number;
  readonly uses: readonly Use[];
}

/** Something that a VM was given. */
export interface AllocatedId {
  readonly to: number;
  /** Sequence number of the request. */
  readonly seq: number;
  readonly id: number;
  readonly role: Role;
  readonly value: number;
}

/** All that VMs were given by a response. */
export function* idsAllocatedBy({ out }: Response): Generator<AllocatedId> {
  for (const { to, frame } of out) {
    const role = allocatingCalls.get(idOf(frame));
    if (role === undefined || frame.byteLength < GIVEN_OFFSET + sizes[role]) continue;
    const view = viewOf(frame);
    const header = headerOf(frame);
    if (header?.type !== MessageType.reply || view.getUint32(limits.header, true) !== 0) continue;
    const value = readAt(view, GIVEN_OFFSET, sizes[role]);
    yield { to, seq: header.seq, id: header.msg_id, role, value };
  }
}

function readAt(view: DataView, at: number, size: number): number {
  return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

/** Finds out for which request something was given: the reply may come later than the step that asked. */
class Requests {
  readonly #numbers = new Map<string, number>();

  put(step: Step, number: number): void {
    if (step.kind !== 'frame' || !allocatingCalls.has(idOf(step.frame))) return;
    const header = headerOf(step.frame);
    if (header?.type === MessageType.request)
      this.#numbers.set(`${step.from} ${header.msg_id} ${header.seq}`, number);
  }

  of({ to, id, seq }: AllocatedId): number | undefined {
    return this.#numbers.get(`${to} ${id} ${seq}`);
  }
}

/** Finds, in a session and what came of it, where steps name what earlier steps were given. */
export function bind(steps: readonly Step[], responses: readonly Response[]): BoundStep[] {
  const latest = new Map<string, number>();
  const names = namesOf(steps);
  const requests = new Requests();
  return steps.map((step, number) => {
    requests.put(step, number);
    const uses: Use[] = [];
    const use = (at: Use['at'], role: Role, value: number) => {
      const giver = latest.get(`${role} ${value}`);
      if (giver !== undefined) uses.push({ at, size: sizes[role], giver });
    };
    const vmid = vmOf(step);
    if (vmid !== undefined) use('vm', 'vmid', vmid);
    for (const { at, role, value } of names.get(number) ?? []) use(at, role, value);
    for (const given of idsAllocatedBy(responses[number] as Response)) {
      const giver = requests.of(given);
      if (giver !== undefined) latest.set(`${given.role} ${given.value}`, giver);
    }
    return { step, number, uses };
  });
}

function vmOf(step: Step): number | undefined {
  if (step.kind === 'frame') return step.from;
  return step.kind === 'vcpu_halt' || step.kind === 'receive_limit' ? step.vmid : undefined;
}

interface Name {
  readonly at: number;
  readonly role: Role;
  readonly value: number;
}

/** Fields that may name something given, by the number of the step in whose frame they are. */
function namesOf(steps: readonly Step[]): ReadonlyMap<number, readonly Name[]> {
  const names = new Map<number, Name[]>();
  for (let number = 0; number < steps.length; number++) {
    const parts = partsFrom(steps, number);
    const layout = parts[0] && layoutOf(parts[0].frame);
    if (layout === undefined) continue;
    const payload = joined(parts.map(({ frame }) => frame));
    const roles = rolesOf(layout);
    if (roles.size === 0) continue;
    for (const { mark, path, start, end } of annotate(layout, payload).ranges) {
      const role = roles.get(leafOf(path));
      if (mark !== 'field' || role === undefined || end - start !== sizes[role]) continue;
      const place = placeOf(parts, start, end);
      if (place === undefined) continue;
      const list = names.get(place.number) ?? [];
      list.push({ at: place.at, role, value: readAt(viewOf(payload), start, sizes[role]) });
      names.set(place.number, list);
    }
  }
  return names;
}

interface Part {
  readonly number: number;
  readonly frame: Uint8Array;
}

/** The queue messages of the request that begins in a step; none when none does. */
function partsFrom(steps: readonly Step[], first: number): Part[] {
  const step = steps[first];
  const header = step?.kind === 'frame' ? headerOf(step.frame) : undefined;
  if (step?.kind !== 'frame' || header?.type !== MessageType.request) return [];
  const parts: Part[] = [{ number: first, frame: step.frame }];
  for (let number = first + 1; number < steps.length && parts.length <= header.fragments; number++) {
    const next = steps[number];
    if (next?.kind !== 'frame' || next.from !== step.from) continue;
    if (headerOf(next.frame)?.type !== MessageType.continuation) break;
    parts.push({ number, frame: next.frame });
  }
  return parts;
}

function layoutOf(frame: Uint8Array): StructType | undefined {
  const header = headerOf(frame);
  const layout = header && payloadOf(protocol.byId.get(header.msg_id), header.type);
  return layout instanceof StructType ? layout : undefined;
}

/** Where payload bytes [start, end) are; undefined when they are not all in one queue message. */
function placeOf(
  parts: readonly Part[],
  start: number,
  end: number,
): { readonly number: number; readonly at: number } | undefined {
  let before = 0;
  for (const { number, frame } of parts) {
    const size = frame.byteLength - limits.header;
    if (start < before + size)
      return end > before + size ? undefined : { number, at: start - before + limits.header };
    before += size;
  }
  return undefined;
}

function leafOf(path: string): string {
  const end = path.endsWith(']') ? path.lastIndexOf('[') : path.length;
  return path.slice(path.lastIndexOf('.', end) + 1, end);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const contents = parts.map((part) => part.subarray(limits.header));
  const payload = new Uint8Array(contents.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of contents) {
    payload.set(part, at);
    at += part.byteLength;
  }
  return payload;
}

const knownRoles = new WeakMap<StructType, ReadonlyMap<string, Role>>();

/** Roles of the fields of a layout, those of list entries included, by name. */
function rolesOf(layout: StructType): ReadonlyMap<string, Role> {
  let roles = knownRoles.get(layout);
  if (roles === undefined) {
    roles = new Map(fieldsOf(layout).flatMap(({ name, role }) => (isRole(role) ? [[name, role]] : [])));
    knownRoles.set(layout, roles);
  }
  return roles;
}

function isRole(role: string | undefined): role is Role {
  return role !== undefined && role in sizes;
}

function fieldsOf(layout: StructType): Field[] {
  return layout.fields.flatMap((field): Field[] => {
    const entry = field.type instanceof ListType ? field.type.entry : undefined;
    return entry instanceof StructType ? fieldsOf(entry) : [field];
  });
}

/** Puts bound steps to a target again: what they name is what their allocatingCalls were given this time. */
export class Rebinding {
  readonly #given = new Map<number, number>();
  readonly #requests = new Requests();

  /** The step as it is to be put, now. */
  resolve({ step, uses, number }: BoundStep): Step {
    const resolved = uses.reduce((before, { at, size, giver }) => {
      const value = this.#given.get(giver);
      return value === undefined ? before : withValue(before, at, size, value);
    }, step);
    this.#requests.put(resolved, number);
    return resolved;
  }

  /** What came of it. */
  took(response: Response): void {
    for (const given of idsAllocatedBy(response)) {
      const giver = this.#requests.of(given);
      if (giver !== undefined) this.#given.set(giver, given.value);
    }
  }
}

function withValue(step: Step, at: Use['at'], size: number, value: number): Step {
  if (at === 'vm') {
    if (step.kind === 'frame') return { ...step, from: value };
    return 'vmid' in step ? { ...step, vmid: value } : step;
  }
  if (step.kind !== 'frame' || at + size > step.frame.byteLength) return step;
  const view = viewOf(step.frame);
  if (readAt(view, at, size) === value) return step;
  const frame = step.frame.slice();
  if (size === 2) viewOf(frame).setUint16(at, value, true);
  else viewOf(frame).setUint32(at, value, true);
  return { ...step, frame };
}
