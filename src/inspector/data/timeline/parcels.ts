import {
  error,
  FW_SET_VM_FIRMWARE,
  type FwSetVmFirmwareRequest,
  MEM_ACCEPT,
  MEM_ACCEPTED,
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_RELEASED,
  MEM_SHARE,
  MEM_SHARED,
  type MemAcceptedPayload,
  type MemAcceptRequest,
  type MemReleasedPayload,
  type MemSharedPayload,
  type MemShareReply,
  memAcceptFlags,
  transType,
  VM_RESET,
  type VmResetRequest,
} from '../../../../schemas/index.js';
import type { CaptureRecord } from '../../../capture/records/index.js';
import type { MessageIndex } from '../message-index.js';
import { type AnsweredCall, answeredCall } from './answered-call.js';

/** The messages between which a VM has a parcel mapped. */
export interface MappedSpan {
  readonly vmid: number;
  readonly start: number;
  end: number | undefined;
}

/** A memory parcel, from the message that makes it to the message that ends it. */
export interface ParcelSpan {
  readonly handle: number;
  readonly owner: number;
  /** A value of the enum `trans_type`. */
  readonly kind: number;
  readonly start: number;
  end: number | undefined;
  readonly mapped: MappedSpan[];
}

const { OK } = error.values;
const { DONATE, LEND, SHARE } = transType.values;

/** The calls that make a parcel, with the kind of the parcel. */
const makers: ReadonlyMap<number, number> = new Map([
  [MEM_DONATE.id, DONATE],
  [MEM_LEND.id, LEND],
  [MEM_SHARE.id, SHARE],
]);
const callIds: ReadonlySet<number> = new Set([
  ...makers.keys(),
  MEM_ACCEPT.id,
  MEM_RELEASE.id,
  MEM_RECLAIM.id,
  FW_SET_VM_FIRMWARE.id,
  VM_RESET.id,
]);

/** Owners and users of the parcels, as far as the traffic shows them. Spans hold message indices. */
export class Parcels {
  readonly spans: ParcelSpan[] = [];
  readonly #open = new Map<number, ParcelSpan>();
  readonly #index: MessageIndex;

  constructor(index: MessageIndex) {
    this.#index = index;
  }

  record(record: CaptureRecord, at: number): void {
    if (record.type === 'reply') {
      const call = answeredCall(this.#index, record, callIds);
      if (call?.error === OK) this.#call(call, at);
    } else if (record.type === 'notification' && record.complete) this.#notification(record, at);
  }

  #call(call: AnsweredCall, at: number): void {
    const { id, vmid, request, reply } = call;
    const kind = makers.get(id);
    if (kind !== undefined) {
      const { mem_handle } = reply as Partial<MemShareReply>;
      if (mem_handle !== undefined) this.#make(mem_handle, vmid, kind, at);
      return;
    }
    switch (id) {
      case MEM_ACCEPT.id:
        this.#accept(vmid, request as MemAcceptRequest, at);
        break;
      case MEM_RELEASE.id:
        this.#unmap(request.mem_handle as number, vmid, at);
        break;
      case MEM_RECLAIM.id:
        this.#end(request.mem_handle as number, at);
        break;
      case FW_SET_VM_FIRMWARE.id:
        this.#end((request as FwSetVmFirmwareRequest).mem_handle, at);
        break;
      case VM_RESET.id:
        for (const handle of this.#open.keys()) this.#unmap(handle, (request as VmResetRequest).vmid, at);
    }
  }

  #notification({ id, payload }: CaptureRecord, at: number): void {
    if (id === MEM_SHARED.id) {
      const { mem_handle, owner_vmid, trans_type } = payload as MemSharedPayload;
      // The capture may lack the call that made the parcel.
      if (!this.#open.has(mem_handle)) this.#make(mem_handle, owner_vmid, trans_type, at);
    } else if (id === MEM_ACCEPTED.id) {
      const { mem_handle, vmid } = payload as MemAcceptedPayload;
      this.#map(mem_handle, vmid, at);
    } else if (id === MEM_RELEASED.id) {
      const { mem_handle, vmid } = payload as MemReleasedPayload;
      this.#unmap(mem_handle, vmid, at);
    }
  }

  #make(handle: number, owner: number, kind: number, at: number): void {
    this.#end(handle, at);
    const parcel = { handle, owner, kind, start: at, end: undefined, mapped: [] };
    this.spans.push(parcel);
    this.#open.set(handle, parcel);
  }

  #accept(
    sender: number,
    { mem_handle, map_vmid = 0, flags, trans_type }: Partial<MemAcceptRequest>,
    at: number,
  ) {
    if (mem_handle === undefined) return;
    this.#map(mem_handle, map_vmid || sender, at);
    // Once a donation is accepted it is the receiver's own memory, and the parcel is gone.
    if (trans_type === DONATE && ((flags ?? 0) & memAcceptFlags.bits.DONE) !== 0) this.#end(mem_handle, at);
  }

  #map(handle: number, vmid: number, at: number): void {
    const mapped = this.#open.get(handle)?.mapped;
    if (mapped === undefined || mapped.some((span) => span.vmid === vmid && span.end === undefined)) return;
    mapped.push({ vmid, start: at, end: undefined });
  }

  #unmap(handle: number, vmid: number, at: number): void {
    for (const span of this.#open.get(handle)?.mapped ?? []) if (span.vmid === vmid) span.end ??= at;
  }

  #end(handle: number, at: number): void {
    const parcel = this.#open.get(handle);
    if (parcel === undefined) return;
    this.#open.delete(handle);
    parcel.end = at;
    for (const span of parcel.mapped) span.end ??= at;
  }
}
