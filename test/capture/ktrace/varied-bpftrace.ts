import { bytesOf, OTHER, RM, type Sent } from './varied-traffic.js';

/** The bytes as `%r` prints them. */
const printed = (hex: string) =>
  bytesOf(hex)
    .map((digits) => {
      const code = Number.parseInt(digits, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${digits}`;
    })
    .join('');

export function printedAs(hex: string, form: BpftraceForm): string {
  if (form === 'rh') return bytesOf(hex).join(' ');
  return form === 'rx'
    ? bytesOf(hex)
        .map((digits) => `\\x${digits}`)
        .join('')
    : printed(hex);
}

type BpftraceForm = 'r' | 'rx' | 'rh' | 'json';

/** What scripts of users print in front of the bytes: time, direction, queue and size. */
export const ownScripts = {
  brackets: (ns: number, way: string, queue: string, size: number) =>
    `[${ns}] ${way} capid=${queue} size=${size} `,
  decimal: (ns: number, way: string, queue: string, size: number) =>
    `${ns} ${way} capid=${BigInt(queue)} size=${size} `,
  plainHex: (ns: number, way: string, queue: string, size: number) =>
    `${ns}: ${way}: cap=${queue.slice(2)}, len=${size}, data=`,
  time: (_: number, way: string, queue: string, size: number) =>
    `13:14:07 ${way} capid=${queue} size=${size} `,
  timeAndNs: (ns: number, way: string, queue: string, size: number) =>
    `13:14:07.123456 ${ns} ${way} capid=${queue} size=${size} `,
  seconds: (ns: number, way: string, queue: string, size: number) =>
    `[${Math.floor(ns / 1e9)}.${String(ns % 1e9).padStart(9, '0')}] ${way} size: ${size} cap: ${queue} data: `,
  names: (ns: number, way: string, queue: string, size: number) =>
    `nsecs=${ns} pid=172 comm=qcrosvm dir=${way} capid=${queue} length=${size} `,
  probe: (ns: number, way: string, queue: string, size: number) =>
    `${ns} qcrosvm 172 ${way === 'tx' ? 'kprobe:gunyah_hypercall_msgq_send' : 'kretprobe:gunyah_hypercall_msgq_recv'} q=${queue} n=${size} `,
  nothing: (_: number, way: string, queue: string, size: number) =>
    `${way.toUpperCase()} capid=${queue} size=${size} `,
} as const;

/** How jq and others print the objects of `bpftrace -f json`. */
export const jsonForms: Record<string, (objects: readonly object[]) => string> = {
  pretty: (objects) => objects.map((one) => JSON.stringify(one, null, 2)).join('\n'),
  tabs: (objects) => objects.map((one) => JSON.stringify(one, null, '\t')).join('\n'),
  slurped: (objects) => JSON.stringify(objects, null, 2),
  slurpedInOneLine: (objects) => JSON.stringify(objects),
  sorted: (objects) => objects.map((one) => JSON.stringify(one, Object.keys(one).sort(), 2)).join('\n'),
  dataOnly: (objects) => objects.map((one) => JSON.stringify((one as { data: unknown }).data)).join('\n'),
};

export function bpftraceText(sent: readonly Sent[], form: BpftraceForm, before = '', behind = ''): string {
  const lines = sent.map(({ direction, isRm, hex }, index) => {
    const data = printedAs(hex, form);
    const queue = (isRm ? RM : OTHER)[direction];
    const start = form === 'json' ? '' : before;
    const end = form === 'json' ? '' : behind;
    return `${start}${41_661_819_573 + index * 1000} ${direction} capid=${queue} size=${hex.length / 2} ${data}${end}`;
  });
  if (form !== 'json') return `Attaching 2 probes...\n${lines.join('\n')}\n\n`;
  const wrapped = lines.map((line) => JSON.stringify({ type: 'printf', data: `${line}\n` }));
  return `{"type": "attached_probes", "data": {"probes": 3}}\n${wrapped.join('\n').replaceAll('":"', '": "').replaceAll(',"data', ', "data')}\n`;
}
