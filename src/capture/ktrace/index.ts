/** Reads what kernels record when RM's messages are traced: trace.dat, the text of tracers, and dumps in kernel logs. */
export { DAT_MAGIC } from './dat/file.js';
export { TraceDatReader } from './dat/reader.js';
export { KernelTraceDetector } from './detect.js';
export type { TraceOptions } from './messages.js';
export { KernelTraceReader } from './reader.js';
