/** Reads what kernels print when RM's messages are traced: ftrace, trace-cmd, perf, bpftrace, and dumps in kernel logs. */
export { detectKernelTrace } from './detect.js';
export type { TraceOptions } from './messages.js';
export { KernelTraceReader } from './reader.js';
