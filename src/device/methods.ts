import { UsageError } from '../base/error.js';
import { bpftraceCleaning, bpftraceMethod } from './bpftrace.js';
import { dynamicDebugCleaning, dynamicDebugMethod } from './dynamic-debug.js';
import { type Kernel, kernels } from './kernels.js';
import { cleanScript, type ScriptOptions, wrapScript } from './script.js';
import { tracefsCleaning, tracefsMethod } from './tracefs.js';

/** How a script records. */
export const METHODS = ['tracefs', 'bpftrace', 'dynamic-debug'] as const;
export type Method = (typeof METHODS)[number];

/** The kernel of a name. @throws UsageError for an unknown one. */
export function kernelByName(name: string): Kernel {
  const kernel = kernels.find((row) => row.name === name);
  if (kernel !== undefined) return kernel;
  const choice = { what: 'kernel', names: kernels.map((row) => row.name) };
  const expected = 'one that capture --help lists';
  throw new UsageError({ code: 'kernel', path: '--kernel', expected, actual: name, choice });
}

/**
 * Methods that can record on a kernel, the best first. Where a driver can dump messages that is the best: tracefs and
 * bpftrace then see the messages of all queues.
 */
export function methodsOf(kernel: Kernel): readonly Method[] {
  return kernel.dumpFile === undefined ? ['tracefs', 'bpftrace'] : ['dynamic-debug', 'bpftrace', 'tracefs'];
}

/**
 * A shell script that records RM's messages on a kernel.
 *
 * @throws UsageError if the kernel does not have the method.
 */
export function recordingScript(method: Method, options: ScriptOptions): string {
  const { kernel } = options;
  const title = `Records the messages between Linux and the Gunyah resource manager (RM): ${method} on ${kernel.name}.`;
  if (method === 'tracefs') return wrapScript(title, options, tracefsMethod(options));
  if (method === 'bpftrace') return wrapScript(title, options, bpftraceMethod(options));
  if (kernel.dumpFile !== undefined)
    return wrapScript(title, options, dynamicDebugMethod(options, kernel.dumpFile));
  const expected = `${methodsOf(kernel).join(' or ')}, since the driver of ${kernel.name} has no dumps`;
  throw new UsageError({ code: 'method', path: '--method', expected, actual: method });
}

/** A shell script that removes what scripts of all methods may have left. */
export function cleaningScript(): string {
  const files = [...new Set(kernels.flatMap(({ dumpFile }) => dumpFile ?? []))];
  return cleanScript([tracefsCleaning, bpftraceCleaning, dynamicDebugCleaning(files)]);
}
