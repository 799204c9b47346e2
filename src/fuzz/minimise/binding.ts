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
import { headerOf, idOf, viewOf } from '../frames.js';
import type { Response, Step } from '../step.js';

/** What a manager hands out, by the roles of the fields that name it. */
type Role = 'vmid' | 'mem_handle' | 'virq_handle';

/** Calls whose reply hands something out: it is the field behind the error word. */
const givers: ReadonlyMap<number, Role> = new Map<number, Role>([
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
  /** Which step it was given to, by its number in the session as recorded. */
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
export interface Given {
  readonly to: number;
  readonly role: Role;
  readonly value: number;
}

/** What VMs were given by a response. */
export function givenBy({ out }: Response): Given | undefined {
  for (const { to, frame } of out) {
    const role = givers.get(idOf(frame));
    if (role === undefined || frame.byteLength < GIVEN_OFFSET + sizes[role]) continue;
    const view = viewOf(frame);
    if (headerOf(frame)?.type !== MessageType.reply || view.getUint32(limits.header, true) !== 0) continue;
    return { to, role, value: readAt(view, GIVEN_OFFSET, sizes[role]) };
  }
  return undefined;
}

function readAt(view: DataView, at: number, size: number): number {
  return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

/** Finds, in a session and what came of it, where steps name what earlier steps were given. */
export function bind(steps: readonly Step[], responses: readonly Response[]): BoundStep[] {
  const latest = new Map<string, number>();
  return steps.map((step, number) => {
    const uses: Use[] = [];
    const use = (at: Use['at'], role: Role, value: number) => {
      const giver = latest.get(`${role} ${value}`);
      if (giver !== undefined) uses.push({ at, size: sizes[role], giver });
    };
    const vmid = vmOf(step);
    if (vmid !== undefined) use('vm', 'vmid', vmid);
    if (step.kind === 'frame') for (const { at, role, value } of namesIn(steps, number)) use(at, role, value);
    const given = givenBy(responses[number] as Response);
    if (given !== undefined) latest.set(`${given.role} ${given.value}`, number);
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

/** Fields of the frame of a step that may name something given; the message may have begun in earlier steps. */
function* namesIn(steps: readonly Step[], number: number): Generator<Name> {
  const { frame } = steps[number] as Step & { readonly kind: 'frame' };
  const parts = partsBefore(steps, number);
  if (parts === undefined) return;
  const first = headerOf(parts[0] as Uint8Array);
  const layout = first && payloadOf(protocol.byId.get(first.msg_id), first.type);
  if (!(layout instanceof StructType)) return;
  const payload = joined(parts);
  const start = payload.byteLength - (frame.byteLength - limits.header);
  const roles = rolesOf(layout);
  for (const { mark, path, start: at, end } of annotate(layout, payload).ranges) {
    const role = roles.get(path.replace(/^.*\.|\[\d+\]$/g, ''));
    if (mark !== 'field' || role === undefined || at < start || end - at !== sizes[role]) continue;
    yield { at: at - start + limits.header, role, value: readAt(viewOf(payload), at, sizes[role]) };
  }
}

/** The queue messages of a message up to that of a step; undefined when it is a part of none. */
function partsBefore(steps: readonly Step[], number: number): Uint8Array[] | undefined {
  const { from } = steps[number] as Step & { readonly kind: 'frame' };
  const parts: Uint8Array[] = [];
  for (let index = number; index >= 0; index--) {
    const step = steps[index] as Step;
    if (step.kind !== 'frame' || step.from !== from) continue;
    const type = headerOf(step.frame)?.type;
    if (type === undefined) continue;
    parts.unshift(step.frame);
    if (type === MessageType.request) return parts;
    if (type !== MessageType.continuation || parts.length > limits.max_continuations) return undefined;
  }
  return undefined;
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

/** Puts bound steps to a target again: what they name is what their givers were given this time. */
export class Rebinding {
  readonly #given = new Map<number, number>();

  /** The step as it is to be put. */
  resolve({ step, uses }: BoundStep): Step {
    return uses.reduce((resolved, { at, size, giver }) => {
      const value = this.#given.get(giver);
      return value === undefined ? resolved : withValue(resolved, at, size, value);
    }, step);
  }

  /** What came of it. */
  took({ number }: BoundStep, response: Response): void {
    const given = givenBy(response);
    if (given !== undefined) this.#given.set(number, given.value);
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
