import { constants, limits, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { formatIssue } from '../../base/error.js';
import type { ResourceManager } from '../../rm/index.js';
import { headerReader, Reassembler } from '../../rpc/index.js';
import { type Header, MessageType } from '../../schema/index.js';
import { type Response, SimTarget, type SimTargetOptions, type Step } from '../../target/index.js';
import type { ClientRequest, Treatment } from './treatments.js';

const { VMID_HLOS } = constants;
const header = headerReader(protocol);

/** What a session of a client showed. */
export interface SessionFacts {
  /** Names of the requests, in order; ids where there is no name. */
  readonly requests: readonly string[];
  /** What the client sent against the rules of framing. */
  readonly wrong: readonly string[];
  /** VMIDs and handles that the manager still has for the client. */
  readonly left: readonly string[];
  /** The treatment has been applied. */
  readonly isTreated: boolean;
  /** The client has a request to which no reply came. */
  readonly isWaiting: boolean;
  /** Everything that was put to the simulated manager, with its answers. */
  readonly played: readonly { readonly step: Step; readonly response: Response }[];
}

/** Bytes that are in memory when the manager boots. */
export interface LoadedBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

interface Group {
  readonly to: number;
  readonly frames: Uint8Array[];
  readonly first: Header;
}

/** A simulated manager that misbehaves in one way, for one session of a client. No I/O: messages in, messages out. */
export class PlayedManager {
  readonly #target: SimTarget;
  readonly #treatment: Treatment;
  readonly #deliver: (to: number, frame: Uint8Array) => void;
  readonly #reassemblers = new Map<number, Reassembler>();
  /** Queue messages of the request in progress, by VM. */
  readonly #parts = new Map<number, Uint8Array[]>();
  readonly #requests: string[] = [];
  readonly #wrong: string[] = [];
  readonly #waiting = new Map<string, ClientRequest>();
  readonly #played: { step: Step; response: Response }[] = [];
  #held: Group[] = [];
  #isTreated = false;

  /** @param deliver gives a VM a queue message. It may send the next request before it returns. */
  constructor(
    treatment: Treatment,
    sim: SimTargetOptions,
    memory: readonly LoadedBytes[],
    deliver: (to: number, frame: Uint8Array) => void,
  ) {
    this.#treatment = treatment;
    this.#deliver = deliver;
    this.#target = new SimTarget(sim);
    for (const { address, bytes } of memory) this.#put({ kind: 'load', address, bytes });
  }

  /** A VM sends a queue message. */
  receive(from: number, frame: Uint8Array): void {
    const parts = this.#parts.get(from) ?? [];
    this.#parts.set(from, parts);
    parts.push(frame);
    this.#reassembler(from).receive(viewOf(frame), 0, frame.length);
  }

  /** Nothing comes from the client any more. @returns whether it has been given something now. */
  idle(): boolean {
    const held = this.#held;
    this.#held = [];
    for (const group of held) this.#send(group.to, group.frames, group.first);
    return held.length > 0;
  }

  /** The manager behind it, for clients in this process that share its hypervisor. */
  get manager(): ResourceManager {
    return this.#target.manager;
  }

  get facts(): SessionFacts {
    const { manager } = this.#target;
    const vms = manager.vms().filter(({ owner, vmid }) => owner === VMID_HLOS && vmid !== VMID_HLOS);
    const parcels = [...manager.parcels.all()].filter(({ owner }) => owner === VMID_HLOS);
    return {
      requests: this.#requests,
      wrong: this.#wrong,
      left: [
        ...vms.map(({ vmid }) => `VMID ${vmid}`),
        ...parcels.map(({ handle }) => `parcel 0x${handle.toString(16)}`),
        ...(manager.panicked === undefined ? [] : [`the manager has died: ${manager.panicked}`]),
      ],
      isTreated: this.#isTreated,
      isWaiting: this.#waiting.size > 0,
      played: this.#played,
    };
  }

  #reassembler(from: number): Reassembler {
    const known = this.#reassemblers.get(from);
    if (known !== undefined) return known;
    const wrong = (text: string) => {
      this.#wrong.push(text);
      this.#parts.set(from, []);
    };
    const reassembler = new Reassembler(protocol, {
      message: (first) => this.#message(from, first),
      part() {},
      abandoned: () => wrong('a message whose rest never came'),
      stray: () => wrong('a continuation that belongs to no message'),
      malformed: (issue) => wrong(`a malformed message: ${formatIssue(issue)}`),
    });
    this.#reassemblers.set(from, reassembler);
    return reassembler;
  }

  #message(from: number, { type, seq, msg_id: id }: Header): void {
    const frames = this.#parts.get(from) ?? [];
    this.#parts.set(from, []);
    const name = protocol.byId.get(id)?.name;
    if (frames.some(({ length }) => length > limits.queue_message))
      this.#wrong.push('a message above 240 bytes');
    if (type !== MessageType.request) {
      this.#wrong.push(type === MessageType.reply ? 'a reply' : 'a notification');
      return;
    }
    const key = `${from} ${id} ${seq}`;
    if (this.#waiting.has(key))
      this.#wrong.push(`${name ?? id} with sequence number ${seq} again, before its reply`);
    const request: ClientRequest = { from, seq, id, name };
    this.#waiting.set(key, request);
    this.#requests.push(name ?? `0x${id.toString(16).padStart(8, '0')}`);
    const { message, answer } = this.#treatment;
    const isChosen = message === undefined || (message === name && !this.#isTreated);
    if (answer !== undefined && isChosen) {
      this.#isTreated = true;
      this.#send(from, answer(request));
      return;
    }
    for (const group of groupsOf(frames.flatMap((frame) => this.#put({ kind: 'frame', from, frame }).out)))
      this.#pass(group, isChosen);
  }

  #put(step: Step): Response {
    const response = this.#target.put(step);
    this.#played.push({ step, response });
    return response;
  }

  #pass(group: Group, isChosen: boolean): void {
    const { to, frames, first } = group;
    const { reply, notification } = this.#treatment;
    if (first.type === MessageType.notification) {
      if (notification !== undefined) this.#isTreated = true;
      this.#send(to, notification?.(frames) ?? frames);
      return;
    }
    const request = this.#waiting.get(`${to} ${first.msg_id} ${first.seq}`);
    if (reply === undefined || !isChosen || request === undefined) {
      this.#send(to, frames, first);
      return;
    }
    this.#isTreated = true;
    const { now, whenIdle } = reply(request, frames);
    if (whenIdle === undefined) this.#waiting.delete(`${to} ${first.msg_id} ${first.seq}`);
    this.#send(to, now);
    if (whenIdle !== undefined) this.#held.push({ to, frames: [...whenIdle], first });
  }

  /** @param answered header of the reply that these are. */
  #send(to: number, frames: readonly Uint8Array[], answered?: Header): void {
    if (answered?.type === MessageType.reply)
      this.#waiting.delete(`${to} ${answered.msg_id} ${answered.seq}`);
    for (const frame of frames) this.#deliver(to, frame);
  }
}

/** Queue messages put together to messages. */
function groupsOf(out: Response['out']): Group[] {
  const groups: Group[] = [];
  for (const { to, frame } of out) {
    const own = header.read(viewOf(frame), 0);
    const open = groups.findLast((group) => group.to === to);
    if (own.type === MessageType.continuation && open !== undefined) open.frames.push(frame);
    else groups.push({ to, frames: [frame], first: own });
  }
  return groups;
}
