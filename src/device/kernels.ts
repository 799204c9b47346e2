/** A function of the kernel that carries queue messages. Arguments are counted from 1. */
export interface QueueFunction {
  readonly symbol: string;
  /** What the first argument is, which names the queue: a capability ID, or a descriptor of the vendor driver. */
  readonly queue: 'capid' | 'desc';
  /** The argument that points to the message. */
  readonly buffer: number;
  /** The argument that is the size in bytes (send), or points to it (receive). */
  readonly size: number;
}

/** How messages that the kernel receives can be seen with tracefs. A script tries the ways of its kernel in order. */
export type ReceiveWay =
  /** A probe on the function of RM's driver that takes a received message. */
  | 'consumer'
  /** A return probe that sees the arguments of the call. Kernels before about 6.9 refuse it. */
  | 'return'
  /** An entry probe tells the addresses, then a return probe reads them. */
  | 'two-step';

/** How the RM driver of a group of kernels sends and receives. */
export interface Driver {
  readonly send: QueueFunction;
  readonly receive: QueueFunction;
  /** Takes `{ size_t length; u8 data[240]; }` as its second argument. It serves RM's queue only. */
  readonly consumer?: string;
  readonly receiveWays: readonly ReceiveWay[];
  /** Pattern of the name of the thread that receives from RM. Without it all queues are received alike. */
  readonly thread?: string;
  /** The source file that dumps messages with print_hex_dump_debug. */
  readonly dumpFile?: string;
}

/** A kernel that messages can be recorded on. */
export interface Kernel extends Driver {
  readonly name: string;
  /** Matches `uname -r` of such kernels. A series of patches has none. */
  readonly release?: RegExp;
  /** What has been tried on a real kernel (capturing.md, section 2). */
  readonly verified: string;
  /** What is assumed. */
  readonly assumed: string;
}

/** Mainline v9 to v14. */
const ghDriver: Driver = {
  send: queueFunction('gh_hypercall_msgq_send', 'capid', 3, 2),
  receive: queueFunction('gh_hypercall_msgq_recv', 'capid', 2, 4),
  consumer: 'gh_rm_msgq_rx_data',
  receiveWays: ['consumer', 'return'],
};

/** Mainline v15 and later. */
const gunyahDriver: Driver = {
  send: queueFunction('gunyah_hypercall_msgq_send', 'capid', 3, 2),
  receive: queueFunction('gunyah_hypercall_msgq_recv', 'capid', 2, 4),
  receiveWays: ['return', 'two-step'],
  // The IRQ thread of "gunyah_rm_rx". Names of threads have 15 characters.
  thread: 'irq/*-gunyah_r*',
};

/** Qualcomm's own driver. Its queues have no capability ID in the arguments. */
const vendorDriver: Driver = {
  send: queueFunction('gh_msgq_send', 'desc', 2, 3),
  receive: queueFunction('gh_msgq_recv', 'desc', 2, 4),
  receiveWays: ['return', 'two-step'],
  dumpFile: 'gh_msgq.c',
};

const modelTried = 'These functions, in a model of the driver, on Debian kernels 6.1 and 6.12.';
const ghAssumed =
  'Not tried on a device. An LTO build may inline the functions: then a probe exists and is never hit.';
const gunyahAssumed = `${ghAssumed} Return probes see arguments on 6.12, and do not on 6.1. Where they do not, the addresses are read once and must stay constant.`;

/** All kernels, in the order in which they are tried on a device. */
export const kernels: readonly Kernel[] = [
  {
    ...ghDriver,
    name: 'android14-6.1',
    release: /^6\.1\..*android14/,
    verified: modelTried,
    assumed: ghAssumed,
  },
  {
    ...gunyahDriver,
    name: 'android15-6.6',
    release: /^6\.6\..*android15/,
    verified: modelTried,
    assumed: gunyahAssumed,
  },
  {
    ...gunyahDriver,
    name: 'android16-6.12',
    release: /^6\.12\..*android16/,
    verified: modelTried,
    assumed: gunyahAssumed,
  },
  ...[9, 10, 11, 12, 13, 14].map((version) => mainline(version, ghDriver, ghAssumed)),
  ...[15, 16, 17].map((version) => mainline(version, gunyahDriver, gunyahAssumed)),
  {
    ...ghDriver,
    name: 'qcom-6.1',
    release: /^6\.1\./,
    verified: modelTried,
    assumed: `${ghAssumed} The vendor's RM driver calls the one of the common kernel, so its messages do not pass gh_msgq.c.`,
  },
  {
    ...gunyahDriver,
    name: 'qcom-6.6',
    release: /^6\.6\./,
    verified: modelTried,
    assumed: `${gunyahAssumed} The vendor's RM driver calls the one of the common kernel.`,
  },
  {
    ...vendorDriver,
    name: 'qcom-5.15',
    release: /^5\.15\./,
    verified: 'These functions and dumps, in a model of the driver, on Debian kernel 6.12.',
    assumed:
      'Not tried on a device or on 5.15. All queues pass these functions, and a return probe is refused. Whether the receive buffer stays at one address is not known: prefer dynamic-debug.',
  },
];

function queueFunction(
  symbol: string,
  queue: QueueFunction['queue'],
  buffer: number,
  size: number,
): QueueFunction {
  return { symbol, queue, buffer, size };
}

/** A version of the mainline patch series. */
function mainline(version: number, driver: Driver, assumed: string): Kernel {
  return { ...driver, name: `mainline-v${version}`, verified: modelTried, assumed };
}
