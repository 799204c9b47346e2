import {
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_SHARE,
  MEM_SHARED,
  VM_ALLOC_VMID,
  VM_GET_STATE,
} from '../../schemas/index.js';
import { headerOf } from '../../src/fuzz/targets/frames.js';
import { VMID_HLOS } from '../../src/rm/codes.js';
import { handlers } from '../../src/rm/dispatch.js';
import type { Handler } from '../../src/rm/handlers/handler.js';
import { type Link, type ManagerOptions, ResourceManager } from '../../src/rm/index.js';
import { MessageType } from '../../src/schema/index.js';

/** Managers with one bug each. */
type Make = (options: ManagerOptions) => ResourceManager;

function original(id: number): Handler {
  return handlers.get(id) as Handler;
}

function withHandlers(...changed: readonly (readonly [number, Handler])[]): Make {
  return (options) => new ResourceManager({ ...options, handlers: new Map([...handlers, ...changed]) });
}

/** A manager whose links are tampered with as they come into being. */
function withLinks(tamper: (link: Link) => void): Make {
  return (options) =>
    new (class extends ResourceManager {
      override addLink(...link: Parameters<ResourceManager['addLink']>): boolean {
        const made = super.addLink(...link);
        const added = this.link(link[0]);
        if (made && added !== undefined) tamper(added);
        return made;
      }
    })(options);
}

/** VM_GET_STATE takes a byte more than it should. */
const lengthOffByOne = withHandlers([
  VM_GET_STATE.id,
  (rm, sender, { view, start, end }) =>
    original(VM_GET_STATE.id)(rm, sender, { view, start, end: end - start === 5 ? end - 1 : end }),
]);

/** Anyone may take a parcel back. */
const noOwnerCheck = withHandlers([
  MEM_RECLAIM.id,
  (rm, sender, payload) => {
    const handle = payload.end - payload.start < 4 ? -1 : payload.view.getUint32(payload.start, true);
    const owner = rm.vm(rm.parcels.get(handle)?.owner ?? -1);
    return original(MEM_RECLAIM.id)(rm, owner ?? sender, payload);
  },
]);

/** A parcel gets the handle of one that is gone. */
const handleReused: Make = (options) => {
  const free = new WeakMap<object, number[]>();
  const reclaim: Handler = (rm, sender, payload) => {
    const handle = payload.end - payload.start < 4 ? -1 : payload.view.getUint32(payload.start, true);
    const reply = original(MEM_RECLAIM.id)(rm, sender, payload);
    if (reply[0] === 0) free.set(rm.parcels, [...(free.get(rm.parcels) ?? []), handle]);
    return reply;
  };
  const create =
    (id: number): Handler =>
    (rm, sender, payload) => {
      const { parcels } = rm;
      const handle = free.get(parcels)?.pop();
      const take = parcels.takeHandle;
      if (handle !== undefined) parcels.takeHandle = () => handle;
      const reply = original(id)(rm, sender, payload);
      parcels.takeHandle = take;
      return reply;
    };
  const creators = [MEM_DONATE, MEM_LEND, MEM_SHARE].map(({ id }) => [id, create(id)] as const);
  return withHandlers([MEM_RECLAIM.id, reclaim], ...creators)(options);
};

/** What is still missing of a message that another one put an end to is waited for in that one too. */
const counterNotReset = withLinks(({ toManager }) => {
  const receive = toManager.receive.bind(toManager);
  let missing = 0;
  let owed = 0;
  toManager.receive = (capacity) => {
    for (;;) {
      const result = receive(capacity);
      const header = result.message && headerOf(result.message);
      if (header === undefined) return result;
      if (header.type !== MessageType.continuation) {
        owed = header.fragments > 0 ? missing : 0;
        missing = header.fragments;
        return result;
      }
      if (owed === 0) {
        missing = Math.max(0, missing - 1);
        return result;
      }
      owed--;
    }
  };
});

/** A reserved byte of a reply is what lay there. */
const byteLeaked = withHandlers([
  VM_ALLOC_VMID.id,
  (rm, sender, payload) => {
    const reply = original(VM_ALLOC_VMID.id)(rm, sender, payload).slice();
    if (reply.length > 4) reply[reply.length - 1] = 0xa5;
    return reply;
  },
]);

/** HLOS hears of what was shared with another VM. */
const wrongReceiver: Make = (options) =>
  new (class extends ResourceManager {
    override notify(vmid: number, id: number, payload: Uint8Array): void {
      super.notify(id === MEM_SHARED.id ? VMID_HLOS : vmid, id, payload);
    }
  })(options);

/** A reply for which the queue has no room is forgotten. */
const replyLost = withLinks((link) => {
  const reply = link.reply.bind(link);
  link.reply = (id, seq, payload) => {
    if (link.toVm.count < link.toVm.depth) reply(id, seq, payload);
  };
});

export const planted: Readonly<Record<string, Make>> = {
  'an off-by-one in a length check': lengthOffByOne,
  'a missing owner check': noOwnerCheck,
  'a handle reused': handleReused,
  'a fragment counter not reset': counterNotReset,
  'a reserved byte leaked': byteLeaked,
  'a notification to the wrong VM': wrongReceiver,
  'a reply lost under queue pressure': replyLost,
};
