import {
  type HypResource,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_SHARE,
  resourceType,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_EXITED,
  VM_GET_HYP_RESOURCES,
  VM_GET_VMID,
  VM_RESET,
  VM_START,
  VM_STATUS,
  VM_STOP,
  vmStatus,
} from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import type { CallEffect } from '../../src/host/index.js';
import { rmError } from '../../src/host/rm-error.js';
import type { InferInput, Payload } from '../../src/schema/index.js';

/** What the recorded VM managers were run against (vectors/README.md, linux/). */
export const STUB = { vmid: 0x80, hostVmid: 3, firstHandle: 0x42, firstExtentCapability: 16 } as const;
/** Bytes of a payload that the recordings show. */
const SHOWN_SIZE_MAX = 72;

/** Options of a recorded flow: `fail=0x56000004`, `err=3`, `nth=1`, `noexit`. */
export interface StubOptions {
  /** Message id that ends with an error, which one, and at which call of it, from 0. */
  readonly fail?: number;
  readonly err?: number;
  readonly nth?: number;
  /** No VM_EXITED after VM_STOP. */
  readonly noexit?: boolean;
  /** No VM_STATUS after VM_RESET. */
  readonly noreset?: boolean;
}

function bytesOf<T extends Payload>(type: T, value: InferInput<T>): Uint8Array {
  return codecOf(type).toBytes(value);
}

/** A manager that answers OK to everything, but for one failure. */
export class StubRm {
  /** Takes calls as the recordings show them. */
  readonly log: string[];
  /** Not delivered yet. */
  readonly notifications: { readonly id: number; readonly payload: Uint8Array }[] = [];
  #nextHandle: number = STUB.firstHandle;
  readonly #seen = new Map<number, number>();

  /** Handles that were given out and not reclaimed; that of a started VM's image is the hypervisor's affair. */
  readonly handles = new Set<number>();
  /** The VMID is given out. */
  hasVm = false;
  #image: number | undefined;
  readonly #pages: boolean;
  /** What VM_GET_HYP_RESOURCES tells. */
  readonly resources: HypResource[];
  readonly #options: StubOptions;

  /** @param hasExtents paged memory needs an address space and extents. @param log gets the calls. */
  constructor(options: StubOptions, hasExtents: boolean, log: string[]) {
    this.#options = options;
    this.#pages = hasExtents;
    this.resources = hasExtents ? extents() : [];
    this.log = log;
  }

  call({ message, payload }: CallEffect): Uint8Array {
    const count = this.#seen.get(message.id) ?? 0;
    this.#seen.set(message.id, count + 1);
    const { fail, err = 1, nth = 0 } = this.#options;
    const fails = message.id === fail && count === nth;
    const shown =
      formatHex(payload.subarray(0, SHOWN_SIZE_MAX)) + (payload.length > SHOWN_SIZE_MAX ? '..' : '');
    this.log.push(`${message.id.toString(16)} ${shown}${fails ? ' -> error' : ''}`);
    if (fails) throw rmError(message.name, err, 'mainline');
    return this.#reply(message.id, new DataView(payload.buffer, payload.byteOffset));
  }

  #reply(id: number, request: DataView): Uint8Array {
    const { vmid } = STUB;
    switch (id) {
      case VM_ALLOC_VMID.id:
        this.hasVm = true;
        return bytesOf(VM_ALLOC_VMID.reply, { vmid });
      case VM_GET_VMID.id:
        return bytesOf(VM_GET_VMID.reply, { vmid: STUB.hostVmid });
      case MEM_LEND.id:
      case MEM_SHARE.id:
        this.handles.add(this.#nextHandle);
        this.#nextHandle++;
        return bytesOf(MEM_LEND.reply, { mem_handle: this.#nextHandle - 1 });
      case VM_GET_HYP_RESOURCES.id:
        return bytesOf(VM_GET_HYP_RESOURCES.reply, { entries: this.resources });
      case MEM_RECLAIM.id:
        this.handles.delete(request.getUint32(0, true));
        break;
      case VM_DEALLOC_VMID.id:
        this.hasVm = false;
        break;
      case VM_CONFIG_IMAGE.id:
        this.#image = request.getUint32(4, true);
        break;
      case VM_START.id:
        if (this.#pages && this.#image !== undefined) this.handles.delete(this.#image);
        break;
      case VM_STOP.id:
        if (!this.#options.noexit)
          this.#tell(VM_EXITED, { vmid, exit_type: 7, exit_reason: new Uint8Array(4) });
        break;
      case VM_RESET.id:
        if (!this.#options.noreset)
          this.#tell(VM_STATUS, { vmid, vm_status: vmStatus.values.RESET, os_status: 0, app_status: 0 });
        break;
    }
    return new Uint8Array();
  }

  #tell<T extends Payload>(
    message: { readonly id: number; readonly payload: T },
    value: InferInput<T>,
  ): void {
    this.notifications.push({ id: message.id, payload: bytesOf(message.payload, value) });
  }
}

function extents(): HypResource[] {
  const { ADDR_SPACE, MEM_EXTENT } = resourceType.values;
  const entry = (type: number, label: number, cap_id: number) => ({
    type,
    partner_vmid: 0,
    resource_handle: 0,
    resource_label: label,
    cap_id: BigInt(cap_id),
    virq_handle: 0,
    virq: 0,
    base: 0n,
    size: 0n,
  });
  return [
    entry(ADDR_SPACE, 0, STUB.firstExtentCapability - 1),
    ...[0, 1, 2, 3].map((label) => entry(MEM_EXTENT, label, STUB.firstExtentCapability + label)),
  ];
}
