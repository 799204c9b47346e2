/** Reads what kernels print when RM's messages are traced: ftrace, trace-cmd, perf, bpftrace, and dumps in kernel logs. */
export { KernelTraceDetector } from './detect.js';
export { KernelTraceReader, type TraceOptions } from './reader.js';
