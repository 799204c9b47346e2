import { UsageError, WireError } from '../base/error.js';
import { type Kernel, kernels } from './kernels.js';
import { type Method, methodsOf } from './methods.js';
import { comment } from './script.js';

/** First line of what the probe script prints. */
const HEAD = 'gunyah-rm probe 1';

const configs = [
  'GUNYAH',
  'KPROBES',
  'KPROBE_EVENTS',
  'BPF_SYSCALL',
  'DEBUG_INFO_BTF',
  'DYNAMIC_DEBUG',
  'DYNAMIC_DEBUG_CORE',
  'PRINTK_CALLER',
];

/** What a device has. */
export interface DeviceFacts {
  /** `uname -r`. */
  readonly release: string;
  readonly isRoot: boolean;
  /** Functions of the drivers that the kernel has, without suffixes of the compiler. */
  readonly symbols: ReadonlySet<string>;
  readonly hasKprobeEvents: boolean;
  /** Version of bpftrace; undefined without. */
  readonly bpftrace: string | undefined;
  /** Source files whose dumps can be switched on. */
  readonly dumpFiles: ReadonlySet<string>;
}

/** A shell script that only reads: it prints what a device has, for `parseProbe` and for people. */
export function probeScript(): string {
  const symbols = [
    ...new Set(
      kernels.flatMap(({ send, receive, consumer }) => [send.symbol, receive.symbol, consumer ?? []].flat()),
    ),
  ];
  const files = [...new Set(kernels.flatMap(({ dumpFile }) => dumpFile ?? []))];
  return `#!/bin/sh
${comment(
  'Prints what a device has for recording the messages of the Gunyah resource manager. It changes nothing. Run it as root and give its output to: gunyah-rm capture --from-probe FILE',
).join('\n')}

set -u
echo '${HEAD}'
echo "release $(uname -r)"
echo "machine $(uname -m)"
echo "user $(id -u)"
echo "selinux $(getenforce 2>/dev/null || echo unknown)"
echo "lockdown $(cat /sys/kernel/security/lockdown 2>/dev/null || echo unknown)"
{ zcat /proc/config.gz || gunzip -c /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null |
  grep -E '^CONFIG_(${configs.join('|')})=' | sed 's/^/config /'
grep -oE ' (${symbols.join('|')})([.]llvm[.][0-9]+)?($|[[:space:]])' "\${KALLSYMS-/proc/kallsyms}" | sed 's/^ */symbol /'
for folder in "\${TRACEFS-}" /sys/kernel/tracing /sys/kernel/debug/tracing; do
  if [ -n "$folder" ] && [ -e "$folder/kprobe_events" ]; then
    echo "tracefs $folder"
    if [ -w "$folder/kprobe_events" ]; then echo 'kprobe_events writable'; fi
    break
  fi
done
for control in "\${DYNAMIC_DEBUG-}" /proc/dynamic_debug/control /sys/kernel/debug/dynamic_debug/control; do
  if [ -n "$control" ] && [ -r "$control" ]; then
    grep -oE '${files.join('|')}' "$control" | sort -u | sed 's/^/dynamic_debug /'
    break
  fi
done
if command -v bpftrace >/dev/null; then echo "bpftrace $(bpftrace --version 2>/dev/null)"; fi
echo 'end'
`;
}

/** @throws WireError if the text is not the whole output of the probe script. */
export function parseProbe(text: string): DeviceFacts {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const start = lines.indexOf(HEAD);
  const end = lines.indexOf('end', start);
  if (start < 0 || end < 0) {
    const expected = start < 0 ? `a line "${HEAD}"` : 'a last line "end"';
    throw new WireError({ code: 'probe', path: '', offset: 0, expected, actual: 'none' });
  }
  const values = (key: string) =>
    lines
      .slice(start, end)
      .filter((line) => line.startsWith(`${key} `))
      .map((line) => line.slice(key.length + 1).trim());
  return {
    release: values('release')[0] ?? '',
    isRoot: values('user')[0] === '0',
    symbols: new Set(values('symbol').map((name) => name.replace(/\..*/, ''))),
    hasKprobeEvents: values('kprobe_events')[0] === 'writable',
    bpftrace: /\d+\.\d+/.exec(values('bpftrace')[0] ?? '')?.[0],
    dumpFiles: new Set(values('dynamic_debug')),
  };
}

/**
 * The kernel of a device, and the best method that the device has.
 *
 * @throws UsageError if there is none; it says what is missing.
 */
export function bestRecording(facts: DeviceFacts): { readonly kernel: Kernel; readonly method: Method } {
  const fitting = kernels.filter(({ send }) => facts.symbols.has(send.symbol));
  const kernel = fitting.find(({ release }) => release?.test(facts.release)) ?? fitting[0];
  if (kernel === undefined) {
    const expected = `one of the functions ${[...new Set(kernels.map(({ send }) => send.symbol))].join(', ')}`;
    throw new UsageError({ code: 'probe', path: 'symbol', expected, actual: 'none in this kernel' });
  }
  const method = methodsOf(kernel).find((name) => has(facts, kernel, name));
  if (method !== undefined) return { kernel, method };
  const expected = facts.isRoot
    ? 'CONFIG_KPROBE_EVENTS with tracefs mounted, bpftrace, or CONFIG_DYNAMIC_DEBUG of the driver'
    : 'the output of the probe script as root';
  throw new UsageError({ code: 'probe', path: 'method', expected, actual: 'none of them' });
}

function has(facts: DeviceFacts, { dumpFile }: Kernel, method: Method): boolean {
  if (method === 'tracefs') return facts.hasKprobeEvents;
  return method === 'bpftrace' ? facts.bpftrace !== undefined : facts.dumpFiles.has(dumpFile as string);
}
