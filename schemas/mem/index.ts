import type { Family } from '../../src/schema/index.js';
import {
  MEM_ACCEPT,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_SHARE,
} from './calls.js';
import { MEM_ACCEPTED, MEM_RECALL, MEM_RELEASED, MEM_SHARED } from './notifications.js';

export * from './calls.js';
export * from './notifications.js';

export const memFamily: Family = {
  name: 'mem',
  title: 'Memory parcels',
  doc: 'Donating, lending and sharing memory between VMs.',
  messages: [
    MEM_DONATE,
    MEM_ACCEPT,
    MEM_LEND,
    MEM_SHARE,
    MEM_RELEASE,
    MEM_RECLAIM,
    MEM_NOTIFY,
    MEM_APPEND,
    MEM_QCOM_LOOKUP_SGL,
    MEM_SHARED,
    MEM_RELEASED,
    MEM_ACCEPTED,
    MEM_RECALL,
  ],
};
