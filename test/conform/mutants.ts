import {
  FW_MILESTONE,
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_LOOKUP_NAME,
  VM_START,
} from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import type { Link } from '../../src/rm/index.js';
import { type Make, planted, withAnswers, withLinks, withRows } from '../fuzz/planted.js';

/** A manager with one bug, and a case that fails because of it. */
export interface Mutant {
  readonly manager: Make;
  readonly caughtBy: string;
}

/** Requests that arrive are changed before the manager sees them. */
function withRequests(change: (frame: Uint8Array) => void): Make {
  return withLinks(({ toManager }) => {
    const receiveInto = toManager.receiveInto.bind(toManager);
    toManager.receiveInto = (target) => {
      const size = receiveInto(target);
      change(target.subarray(0, size));
      return size;
    };
  });
}

/** Notifications of a request come behind its reply. */
function notifyLate(link: Link): void {
  const notify = link.notify.bind(link);
  const reply = link.reply.bind(link);
  const late: Parameters<Link['notify']>[] = [];
  link.notify = (...args) => void late.push(args);
  link.reply = (...args) => {
    reply(...args);
    for (const held of late.splice(0)) notify(...held);
  };
}

const lost = (name: keyof typeof planted) => planted[name]?.manager as Make;

export const mutants: Readonly<Record<string, Mutant>> = {
  'a wrong error code': {
    manager: withAnswers([VM_START.id], (answer) => (...args) => {
      const reply = answer(...args);
      return reply === RmError.VMID_INVALID ? RmError.ARGUMENT_INVALID : reply;
    }),
    caughtBy: 'errors/VM_START-unknown-vm',
  },
  'a length check that is missing': {
    manager: lost('a length check that is missing'),
    caughtBy: 'lengths/VM_GET_STATE-5',
  },
  'notification and reply swapped': {
    manager: withLinks(notifyLate),
    caughtBy: 'order/status-before-reply-init',
  },
  'a lost state check': {
    manager: withAnswers([VM_INIT.id], (answer) => (...args) => {
      const reply = answer(...args);
      return reply === RmError.VM_STATE ? RmError.OK : reply;
    }),
    caughtBy: 'states/VM_INIT-in-READY',
  },
  'a lost sender check': {
    manager: withRows([VM_ALLOC_VMID.id], ({ checks }) => ({
      checks: checks.filter((check) => check !== 'sender'),
    })),
    caughtBy: 'senders/VM_ALLOC_VMID-from-another-VM',
  },
  'a lost check of a reserved field': {
    manager: withRows([VM_INIT.id], ({ checks }) => ({
      checks: checks.filter((check) => check !== 'reserved'),
    })),
    caughtBy: 'errors/VM_INIT-reserved',
  },
  'a missing owner check': { manager: lost('a missing owner check'), caughtBy: 'memory/reclaim-by-receiver' },
  'a handle reused': { manager: lost('a handle reused'), caughtBy: 'lives/handles-rise' },
  'a VMID that is never freed': {
    manager: withAnswers([VM_DEALLOC_VMID.id], () => () => RmError.OK),
    caughtBy: 'lives/lowest-vmid',
  },
  'a sequence number that is not repeated': {
    manager: withLinks((link) => {
      const reply = link.reply.bind(link);
      link.reply = (id, seq, payload) => reply(id, seq & 0xff, payload);
    }),
    caughtBy: 'framing/seq-65535',
  },
  'an unknown message that gets no reply': {
    manager: withLinks((link) => {
      const reply = link.reply.bind(link);
      link.reply = (id, seq, payload) => {
        if (new DataView(payload.buffer, payload.byteOffset).getInt32(0, true) !== -1)
          reply(id, seq, payload);
      };
    }),
    caughtBy: 'unknown/0x560000ff',
  },
  'a version that is not checked': {
    manager: withRequests((frame) => {
      if (frame[0] === 0x22) frame[0] = 0x21;
    }),
    caughtBy: 'framing/version-2',
  },
  'continuations of other messages taken': {
    manager: withRequests((frame) => {
      // The sequence number of the message in progress, whatever the continuation says.
      if (((frame[1] ?? 1) & 3) === 0) frame[2] = 7;
    }),
    caughtBy: 'fragments/wrong-seq',
  },
  'a fragment counter not reset': {
    manager: lost('a fragment counter not reset'),
    caughtBy: 'fragments/no-carry',
  },
  'a reserved byte leaked': { manager: lost('a reserved byte leaked'), caughtBy: 'lives/first-vmid' },
  'a notification to the wrong VM': {
    manager: lost('a notification to the wrong VM'),
    caughtBy: 'notifications/shared',
  },
  'a reply lost under queue pressure': {
    manager: lost('a reply lost under queue pressure'),
    caughtBy: 'overflow/one-in-transmission',
  },
  'a search that finds everyone': {
    manager: withAnswers([VM_LOOKUP_NAME.id], () => () => ({ vmid_entries: [{ vmid: 3 }] })),
    caughtBy: 'errors/VM_LOOKUP_NAME-nobody',
  },
  'a milestone that is reached again': {
    manager: withAnswers([FW_MILESTONE.id], () => () => RmError.OK),
    caughtBy: 'errors/FW_MILESTONE-twice',
  },
};
