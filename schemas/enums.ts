import { enumeration, type Infer, u8, u16, u32 } from '../src/schema/index.js';
import { qualcomm } from './sources.js';

export const msgType = enumeration(
  'msg_type',
  u8,
  { CONTINUATION: 0, REQUEST: 1, REPLY: 2, NOTIFICATION: 3 },
  { doc: 'Kind of a queue message, two bits of the header' },
);
export type MsgType = Infer<typeof msgType>;

export const vmStatus = enumeration(
  'vm_status',
  u8,
  {
    NO_STATE: 0,
    INIT: 1,
    READY: 2,
    RUNNING: 3,
    PAUSED: 4,
    LOAD: 5,
    AUTH: 6,
    INIT_FAILED: 8,
    EXITED: 9,
    RESETTING: 10,
    RESET: 11,
  },
  {
    doc: 'State of a VM as RM sees it',
    aliases: { NO_STATE: ['NONE'] },
    dialects: [{ sources: qualcomm, values: { RESET_FAILED: 12 } }],
    notes: ['7 is reserved in every source.'],
  },
);
export type VmStatus = Infer<typeof vmStatus>;

export const osStatus = enumeration(
  'os_status',
  u8,
  { NONE: 0, EARLY_BOOT: 1, BOOT: 2, INIT: 3, RUN: 4, SHUTDOWN: 5, HALTED: 6, CRASHED: 7 },
  {
    doc: 'Boot progress that the operating system of a VM reports',
    notes: ["Qualcomm's client headers know 0..4 only."],
  },
);
export type OsStatus = Infer<typeof osStatus>;

export const authMech = enumeration(
  'auth_mech',
  u16,
  { NONE: 0, QCOM_PIL_ELF: 1, QCOM_ANDROID_PVM: 2 },
  {
    doc: "How a VM's image is authenticated",
    aliases: {
      NONE: ['UNAUTH'],
      QCOM_PIL_ELF: ['PLATFORM', 'PIL_ELF'],
      QCOM_ANDROID_PVM: ['ANDROID', 'ANDROID_PVM'],
    },
  },
);
export type AuthMech = Infer<typeof authMech>;

export const authParamType = enumeration(
  'auth_param_type',
  u32,
  { PAS_ID: 0 },
  {
    doc: 'What an authentication parameter holds',
    notes: [
      "From Qualcomm's client header. RM23 passes type and value to its platform code without looking at them.",
    ],
  },
);
export type AuthParamType = Infer<typeof authParamType>;

export const stopReason = enumeration(
  'stop_reason',
  u32,
  { SHUTDOWN: 0, RESTART: 1, CRASH: 2, FORCE_STOP: 3 },
  {
    doc: 'Why a VM is asked to stop',
    notes: ["RM23 passes any value on. Qualcomm's clients refuse 4 and above before sending."],
  },
);
export type StopReason = Infer<typeof stopReason>;

export const exitType = enumeration(
  'exit_type',
  u16,
  {
    VM_EXIT: 0,
    PLATFORM_OFF: 1,
    PLATFORM_RESET: 2,
    PSCI_SYSTEM_RESET2: 3,
    WATCHDOG_BITE: 4,
    SOFTWARE_ERROR: 5,
    ASYNC_HW_ERROR: 6,
    VM_STOP_FORCED: 7,
  },
  {
    doc: 'What ended a VM',
    aliases: {
      PLATFORM_OFF: ['SYSTEM_OFF'],
      PLATFORM_RESET: ['SYSTEM_RESET'],
      PSCI_SYSTEM_RESET2: ['SYSTEM_RESET2'],
      WATCHDOG_BITE: ['WDT_BITE'],
      SOFTWARE_ERROR: ['HYP_ERROR'],
      ASYNC_HW_ERROR: ['ASYNC_EXT_ABORT'],
    },
  },
);
export type ExitType = Infer<typeof exitType>;

export const exitCode = enumeration(
  'exit_code',
  u8,
  { NORMAL: 0, SOFTWARE_ERROR: 1, UNKNOWN_ERROR: 2, BUS_ERROR: 3, DEVICE_ERROR: 4 },
  {
    doc: 'Exit code that a VM reports when it exits',
    dialects: [
      {
        sources: qualcomm,
        values: { NORMAL: 0, SOFTWARE_ERROR: 1, BUS_ERROR: 2, DEVICE_ERROR: 3 },
        replaces: true,
      },
    ],
    notes: [
      'The sources disagree: RM23 inserts UNKNOWN_ERROR at 2 and so moves BUS and DEVICE up by one. RM23 refuses 2 and everything above 4 in VM_EXIT, but may itself report 2.',
    ],
  },
);
export type ExitCode = Infer<typeof exitCode>;

export const resourceType = enumeration(
  'resource_type',
  u8,
  {
    BELL_TX: 0,
    BELL_RX: 1,
    MSGQ_TX: 2,
    MSGQ_RX: 3,
    VCPU: 4,
    VIRTUAL_PM: 5,
    VIRTIO_MMIO: 6,
    VRTC: 7,
    WATCHDOG: 8,
    MEM_EXTENT: 9,
    ADDR_SPACE: 10,
    RM_HEAP_OBJECT: 11,
  },
  {
    doc: 'Kind of hypervisor object that a VM is given',
    aliases: {
      BELL_TX: ['DOORBELL_SRC', 'DB_TX'],
      BELL_RX: ['DOORBELL', 'DB_RX'],
      MSGQ_TX: ['MSG_QUEUE_SEND', 'MQ_TX'],
      MSGQ_RX: ['MSG_QUEUE_RECV', 'MQ_RX'],
      VCPU: ['VIRTUAL_CPU'],
      VIRTUAL_PM: ['VPMGRP'],
    },
    knownBy: {
      VRTC: ['RM23'],
      MEM_EXTENT: ['v17', 'a15'],
      ADDR_SPACE: ['v17', 'a15'],
      RM_HEAP_OBJECT: ['q612'],
    },
  },
);
export type ResourceType = Infer<typeof resourceType>;

export const memType = enumeration(
  'mem_type',
  u8,
  { NORMAL: 0, IO: 1 },
  { doc: 'Kind of memory in a parcel' },
);
export type MemType = Infer<typeof memType>;

export const transType = enumeration(
  'trans_type',
  u8,
  { DONATE: 0, LEND: 1, SHARE: 2 },
  { doc: 'Whether the memory of a parcel is donated, lent or shared' },
);
export type TransType = Infer<typeof transType>;

export const memAttr = enumeration(
  'mem_attr',
  u16,
  { NORMAL: 0, DEVICE: 1, UNCACHED: 2, CACHED: 3 },
  { doc: 'How a VM may cache the memory of a parcel' },
);
export type MemAttr = Infer<typeof memAttr>;

export const idType = enumeration(
  'id_type',
  u8,
  { GUID: 0, URI: 1, NAME: 2, SIGN_AUTH: 3 },
  { doc: 'Kind of identifier of a VM' },
);
export type IdType = Infer<typeof idType>;

export const ipaAllocType = enumeration(
  'ipa_alloc_type',
  u8,
  { FIXED_LIST: 0, ALLOC_LIST: 1 },
  { doc: 'Whether the sender gives the address ranges or RM finds them' },
);
export type IpaAllocType = Infer<typeof ipaAllocType>;

export const heapQueryType = enumeration(
  'heap_query_type',
  u8,
  { MP: 1, MEM: 2 },
  { doc: 'What to report about a heap', aliases: { MP: ['PARCELS'], MEM: ['STATS'] } },
);
export type HeapQueryType = Infer<typeof heapQueryType>;

export const regSet = enumeration(
  'reg_set',
  u8,
  { X: 0, PC: 1, SP: 2 },
  { doc: 'Register file of the boot vCPU' },
);
export type RegSet = Infer<typeof regSet>;

export const rangeId = enumeration(
  'range_id',
  u32,
  { IMAGE: 0, FIRMWARE: 1 },
  { doc: 'Which range of guest addresses' },
);
export type RangeId = Infer<typeof rangeId>;
