import type { Family } from '../../src/schema/index.js';
import {
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_INIT,
  VM_SET_ADDRESS_LAYOUT,
  VM_SET_BOOT_CONTEXT,
  VM_SET_DEBUG,
  VM_SET_DEMAND_PAGING,
  VM_SET_FIRMWARE_MEM,
  VM_SET_TIME_BASE,
} from './configuration.js';
import {
  VM_GET_ID,
  VM_GET_OWNER,
  VM_GET_PEERS,
  VM_GET_VMID,
  VM_HOST_GET_TYPE,
  VM_LOOKUP_GUID,
  VM_LOOKUP_NAME,
  VM_LOOKUP_URI,
} from './identity.js';
import {
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_RESET,
  VM_RESUME,
  VM_START,
  VM_STOP,
  VM_SUSPEND,
} from './lifecycle.js';
import { VM_EXITED, VM_SHUTDOWN, VM_STATUS } from './notifications.js';
import { VM_GET_HYP_CAPIDS, VM_GET_HYP_IRQS, VM_GET_HYP_RESOURCES } from './resources.js';
import { VM_EXIT, VM_GET_CRASH_MSG, VM_GET_STATE, VM_SET_CRASH_MSG, VM_SET_STATUS } from './status.js';

export * from './configuration.js';
export * from './identity.js';
export * from './lifecycle.js';
export * from './notifications.js';
export * from './resources.js';
export * from './status.js';

export const vmFamily: Family = {
  name: 'vm',
  title: 'Virtual machines',
  doc: 'Making, configuring, running, watching and ending VMs.',
  messages: [
    VM_ALLOC_VMID,
    VM_DEALLOC_VMID,
    VM_START,
    VM_STOP,
    VM_RESET,
    VM_SUSPEND,
    VM_RESUME,
    VM_CONFIG_IMAGE,
    VM_AUTH_IMAGE,
    VM_INIT,
    VM_GET_ID,
    VM_LOOKUP_URI,
    VM_LOOKUP_GUID,
    VM_LOOKUP_NAME,
    VM_GET_OWNER,
    VM_GET_STATE,
    VM_GET_CRASH_MSG,
    VM_GET_HYP_RESOURCES,
    VM_GET_HYP_CAPIDS,
    VM_GET_HYP_IRQS,
    VM_GET_VMID,
    VM_GET_PEERS,
    VM_SET_TIME_BASE,
    VM_SET_BOOT_CONTEXT,
    VM_SET_FIRMWARE_MEM,
    VM_SET_DEMAND_PAGING,
    VM_SET_ADDRESS_LAYOUT,
    VM_SET_DEBUG,
    VM_SET_STATUS,
    VM_EXIT,
    VM_SET_CRASH_MSG,
    VM_HOST_GET_TYPE,
    VM_EXITED,
    VM_SHUTDOWN,
    VM_STATUS,
  ],
};
