import {
  limits,
  MEM_DONATE,
  MEM_LEND,
  MEM_SHARE,
  protocol,
  VM_ALLOC_VMID,
  VM_IRQ_LEND,
} from '../../../schemas/index.js';
import { concatenated, viewOf } from '../../base/bytes.js';
import { annotate } from '../../codec/index.js';
import { MessageType, payloadOf } from '../../schema/index.js';
import { frameId, headerOf, REPLY_FIELDS, type Response, type Step, wordAt } from '../../target/index.js';
import { type Field, ListType, StructType } from '../../wire/index.js';

/** Ids that RM allocates, by the role of the fields that hold them. */
export type Role = 'vmid' | 'mem_handle' | 'virq_handle';

/** Calls whose reply holds a new id, in the field behind the error word. */
const allocatingCalls: ReadonlyMap<number, Role> = new Map<number, Role>([
  [VM_ALLOC_VMID.id, 'vmid'],
  [MEM_DONATE.id, 'mem_handle'],
  [MEM_LEND.id, 'mem_handle'],
  [MEM_SHARE.id, 'mem_handle'],
  [VM_IRQ_LEND.id, 'virq_handle'],
]);
const sizes: Readonly<Record<Role, number>> = { vmid: 2, mem_handle: 4, virq_handle: 4 };

/** What kind of id the reply to a step holds; undefined if it holds none. */
export function allocatedRole(step: Step): Role | undefined {
  return step.kind === 'frame' ? allocatingCalls.get(frameId(step.frame)) : undefined;
}

/** An id in a step that an earlier request allocated. */
export interface IdUse {
  /** Byte offset in the frame; `vm`: the sender, or the VM that the step is about. */
  readonly at: number | 'vm';
  readonly size: number;
  readonly role: Role;
  /** Number in the recorded session of the step with that request. */
  readonly allocator: number;
}

/** A step that keeps its meaning when earlier steps are removed and ids change. */
export interface BoundStep {
  readonly step: Step;
  /** Its index in the recorded session. */
  readonly number: number;
  readonly uses: readonly IdUse[];
}

/** An id that RM has allocated for a VM. */
export interface AllocatedId {
  readonly to: number;
  /** Sequence number of the request. */
  readonly seq: number;
  readonly id: number;
  readonly role: Role;
  readonly value: number;
}

/** All ids that the replies in a response allocate. */
export function* idsAllocatedBy({ out }: Response): Generator<AllocatedId> {
  for (const { to, frame } of out) {
    const role = allocatingCalls.get(frameId(frame));
    if (role === undefined || frame.byteLength < REPLY_FIELDS + sizes[role]) continue;
    const view = viewOf(frame);
    const header = headerOf(frame);
    if (header?.type !== MessageType.reply || wordAt(frame, limits.header) !== 0) continue;
    const value = readAt(view, REPLY_FIELDS, sizes[role]);
    yield { to, seq: header.seq, id: header.msg_id, role, value };
  }
}

function readAt(view: DataView, at: number, size: number): number {
  return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

/** Finds the request of a reply, which can come some steps later. */
class Requests {
  readonly #numbers = new Map<string, number>();

  put(step: Step, number: number): void {
    if (step.kind !== 'frame' || !allocatingCalls.has(frameId(step.frame))) return;
    const header = headerOf(step.frame);
    if (header?.type === MessageType.request)
      this.#numbers.set(`${step.from} ${header.msg_id} ${header.seq}`, number);
  }

  of({ to, id, seq }: AllocatedId): number | undefined {
    return this.#numbers.get(`${to} ${id} ${seq}`);
  }
}

/** Binds the steps of a session to the requests that allocated the ids in them. */
export function bind(steps: readonly Step[], responses: readonly Response[]): BoundStep[] {
  const latest = new Map<string, number>();
  const fields = idFieldsOf(steps);
  const requests = new Requests();
  return steps.map((step, number) => {
    requests.put(step, number);
    const uses: IdUse[] = [];
    const use = (at: IdUse['at'], role: Role, value: number) => {
      const allocator = latest.get(`${role} ${value}`);
      if (allocator !== undefined) uses.push({ at, size: sizes[role], role, allocator });
    };
    const vmid = vmOf(step);
    if (vmid !== undefined) use('vm', 'vmid', vmid);
    for (const { at, role, value } of fields.get(number) ?? []) use(at, role, value);
    for (const allocated of idsAllocatedBy(responses[number] as Response)) {
      const allocator = requests.of(allocated);
      if (allocator !== undefined) latest.set(`${allocated.role} ${allocated.value}`, allocator);
    }
    return { step, number, uses };
  });
}

function vmOf(step: Step): number | undefined {
  if (step.kind === 'frame') return step.from;
  return step.kind === 'vcpu_halt' || step.kind === 'receive_limit' ? step.vmid : undefined;
}

interface IdField {
  readonly at: number;
  readonly role: Role;
  readonly value: number;
}

/** Fields that can hold an allocated id, by the index of the step in whose frame they are. */
function idFieldsOf(steps: readonly Step[]): ReadonlyMap<number, readonly IdField[]> {
  const fields = new Map<number, IdField[]>();
  for (let number = 0; number < steps.length; number++) {
    const frames = requestFrames(steps, number);
    const layout = frames[0] && layoutOf(frames[0].frame);
    if (layout === undefined) continue;
    const payload = concatenated(frames.map(({ frame }) => frame.subarray(limits.header)));
    const roles = rolesOf(layout);
    if (roles.size === 0) continue;
    for (const { mark, path, start, end } of annotate(layout, payload).ranges) {
      const role = roles.get(leafOf(path));
      if (mark !== 'field' || role === undefined || end - start !== sizes[role]) continue;
      const place = placeOf(frames, start, end);
      if (place === undefined) continue;
      const list = fields.get(place.number) ?? [];
      list.push({ at: place.at, role, value: readAt(viewOf(payload), start, sizes[role]) });
      fields.set(place.number, list);
    }
  }
  return fields;
}

interface RequestFrame {
  readonly number: number;
  readonly frame: Uint8Array;
}

/** The queue messages of the request that begins in a step; none when none does. */
function requestFrames(steps: readonly Step[], first: number): RequestFrame[] {
  const step = steps[first];
  const header = step?.kind === 'frame' ? headerOf(step.frame) : undefined;
  if (step?.kind !== 'frame' || header?.type !== MessageType.request) return [];
  const frames: RequestFrame[] = [{ number: first, frame: step.frame }];
  for (let number = first + 1; number < steps.length && frames.length <= header.fragments; number++) {
    const next = steps[number];
    if (next?.kind !== 'frame' || next.from !== step.from) continue;
    if (headerOf(next.frame)?.type !== MessageType.continuation) break;
    frames.push({ number, frame: next.frame });
  }
  return frames;
}

function layoutOf(frame: Uint8Array): StructType | undefined {
  const header = headerOf(frame);
  const layout = header && payloadOf(protocol.byId.get(header.msg_id), header.type);
  return layout instanceof StructType ? layout : undefined;
}

/** Step and offset of payload bytes [start, end); undefined when they are in two queue messages. */
function placeOf(
  frames: readonly RequestFrame[],
  start: number,
  end: number,
): { readonly number: number; readonly at: number } | undefined {
  let before = 0;
  for (const { number, frame } of frames) {
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

/** Replaces the ids in bound steps by those that the target allocates this time. */
export class Rebinding {
  readonly #ids = new Map<number, number>();
  readonly #requests = new Requests();

  /** The step with the ids that are known by now. */
  resolve({ step, uses, number }: BoundStep): Step {
    const resolved = uses.reduce((before, { at, size, allocator }) => {
      const value = this.#ids.get(allocator);
      return value === undefined ? before : withValue(before, at, size, value);
    }, step);
    this.#requests.put(resolved, number);
    return resolved;
  }

  /** Learns the ids that a response allocates. */
  observe(response: Response): void {
    for (const allocated of idsAllocatedBy(response)) {
      const allocator = this.#requests.of(allocated);
      if (allocator !== undefined) this.#ids.set(allocator, allocated.value);
    }
  }
}

function withValue(step: Step, at: IdUse['at'], size: number, value: number): Step {
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
