import {
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_SHARE,
  MEM_SHARED,
  VM_ALLOC_VMID,
  VM_GET_STATE,
} from '../../schemas/index.js';
import { VMID_HLOS } from '../../src/rm/codes.js';
import type { HandlerRow } from '../../src/rm/handlers/row.js';
import { rm23Rows } from '../../src/rm/handlers/rows.js';
import { type Link, type ManagerOptions, ResourceManager } from '../../src/rm/index.js';
import { LinkTable } from '../../src/rm/link-table.js';
import { type Message, MessageType } from '../../src/schema/index.js';
import { headerOf } from '../../src/target/index.js';

/** Managers with one bug each. */
export type Make = (options: ManagerOptions) => ResourceManager;
type Answer = HandlerRow['answer'];

/** A manager with other rows than its own for some messages. */
export function withRows(ids: readonly number[], change: (row: HandlerRow) => Partial<HandlerRow>): Make {
  const rows = rm23Rows.map((row) => (ids.includes(row.message.id) ? { ...row, ...change(row) } : row));
  return (options) => new ResourceManager({ ...options, profile: { rows } });
}

/** A manager that answers some messages differently. */
export function withAnswers(ids: readonly number[], change: (answer: Answer) => Answer): Make {
  return withRows(ids, ({ answer }) => ({ answer: change(answer) }));
}

/** A manager whose links are tampered with as they come into being. */
export function withLinks(tamper: (link: Link) => void): Make {
  class TamperedLinks extends LinkTable {
    override add(...link: Parameters<LinkTable['add']>): boolean {
      const made = super.add(...link);
      const added = this.get(link[0]);
      if (made && added !== undefined) tamper(added);
      return made;
    }
  }
  return (options) => new ResourceManager({ ...options, links: (...args) => new TamperedLinks(...args) });
}

/** VM_GET_STATE takes more bytes than it should. */
const lengthNotExact = withRows([VM_GET_STATE.id], () => ({
  rules: { length: { min: 4, excess: 'ignored' } },
}));

/** Anyone may take a parcel back. */
const noOwnerCheck = withAnswers([MEM_RECLAIM.id], (answer) => (rm, sender, request, rest) => {
  const owner = rm.vms.get(rm.parcels.get(request.mem_handle)?.owner ?? -1);
  return answer(rm, owner ?? sender, request, rest);
});

/** A parcel gets the handle of one that is gone. */
const handleReused: Make = (options) => {
  const free = new WeakMap<object, number[]>();
  const reclaim =
    (answer: Answer): Answer =>
    (rm, sender, request, rest) => {
      const reply = answer(rm, sender, request, rest);
      if (reply === 0) free.set(rm.parcels, [...(free.get(rm.parcels) ?? []), request.mem_handle]);
      return reply;
    };
  const create =
    (answer: Answer): Answer =>
    (rm, sender, request, rest) => {
      const { parcels } = rm;
      const handle = free.get(parcels)?.pop();
      const take = parcels.takeHandle;
      if (handle !== undefined) parcels.takeHandle = () => handle;
      const reply = answer(rm, sender, request, rest);
      parcels.takeHandle = take;
      return reply;
    };
  const creators = [MEM_DONATE, MEM_LEND, MEM_SHARE].map(({ id }) => id);
  return withRows([MEM_RECLAIM.id, ...creators], ({ message, answer }) => ({
    answer: creators.includes(message.id) ? create(answer) : reclaim(answer),
  }))(options);
};

/** What is still missing of a message that another one put an end to is waited for in that one too. */
const counterNotReset = withLinks(({ toManager }) => {
  const receiveInto = toManager.receiveInto.bind(toManager);
  let missing = 0;
  let owed = 0;
  toManager.receiveInto = (target) => {
    for (;;) {
      const size = receiveInto(target);
      const header = headerOf(target.subarray(0, size));
      if (header === undefined) return size;
      if (header.type !== MessageType.continuation) {
        owed = header.fragments > 0 ? missing : 0;
        missing = header.fragments;
        return size;
      }
      if (owed === 0) {
        missing = Math.max(0, missing - 1);
        return size;
      }
      owed--;
    }
  };
});

/** A reserved byte of a reply is what lay there. */
const byteLeaked = withAnswers([VM_ALLOC_VMID.id], (answer) => (...args) => {
  const reply = answer(...args);
  return typeof reply === 'number' ? reply : { ...reply, reserved: 0xa500 };
});

/** HLOS hears of what was shared with another VM. */
class MisdirectedLinks extends LinkTable {
  override notify: LinkTable['notify'] = (vmid, message, value) =>
    super.notify(message.id === MEM_SHARED.id ? VMID_HLOS : vmid, message, value);
}
const wrongReceiver: Make = (options) =>
  new ResourceManager({ ...options, links: (...args) => new MisdirectedLinks(...args) });

/** A reply for which the queue has no room is forgotten. */
const replyLost = withLinks((link) => {
  const reply = link.reply.bind(link);
  link.reply = (...args) => {
    if (link.toVm.count < link.toVm.depth) reply(...args);
  };
});

/** A manager with one bug. */
export interface PlantedBug {
  readonly manager: Make;
  /** Messages that show it when they are mutated; undefined: the bug is not in a message. */
  readonly messages: readonly Message[] | undefined;
  /** Key of the cause that shows it. */
  readonly sign: RegExp;
}

export const planted: Readonly<Record<string, PlantedBug>> = {
  'a length check that is missing': {
    manager: lengthNotExact,
    messages: [VM_GET_STATE],
    sign: /^reply VM_GET_STATE \w+ instead of MSG_INVALID$/,
  },
  'a missing owner check': {
    manager: noOwnerCheck,
    messages: [MEM_RECLAIM],
    sign: /^reply MEM_RECLAIM \w+ instead of DENIED$/,
  },
  'a handle reused': { manager: handleReused, messages: [MEM_RECLAIM], sign: /mem_handle/ },
  'a fragment counter not reset': {
    manager: counterNotReset,
    messages: undefined,
    sign: /missing|instead of reply/,
  },
  'a reserved byte leaked': {
    manager: byteLeaked,
    messages: [VM_ALLOC_VMID],
    sign: /^reply VM_ALLOC_VMID: payload.reserved$/,
  },
  'a notification to the wrong VM': { manager: wrongReceiver, messages: [MEM_SHARE], sign: /MEM_SHARED/ },
  'a reply lost under queue pressure': {
    manager: replyLost,
    messages: undefined,
    sign: /missing|instead of reply/,
  },
};
