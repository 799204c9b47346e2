import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../../part.js';
import { holds } from '../../seeded.js';
import { liveTrace, readTrace } from './read.js';

/** A queue message with the queue that carried it. */
interface Sent {
  readonly direction: 'tx' | 'rx';
  readonly isRm: boolean;
  readonly hex: string;
}

const RM = { tx: '0x4d1b8e2c00000061', rx: '0x4d1b8e2c00000062' };
const OTHER = { tx: '0x4d1b8e2c000000a7', rx: '0x4d1b8e2c000000a8' };

const le = (value: number, size: number) =>
  Array.from({ length: size }, (_, index) =>
    ((value >>> (index * 8)) & 0xff).toString(16).padStart(2, '0'),
  ).join('');
const header = (type: number, seq: number, id: number) => `21${le(type, 1)}${le(seq, 2)}${le(id, 4)}`;
const VM_ALLOC_VMID = 0x56000001;
const VM_STATUS = 0x56100008;

/** A client that calls RM, notifications, and another driver that talks over its own queues. */
const traffic: fc.Arbitrary<Sent[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('call' as const) },
      fc.constant('notification' as const),
      fc.record({
        tx: fc.boolean(),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 240 }),
        alike: fc.boolean(),
      }),
    ),
    { minLength: 3, maxLength: 24 },
  )
  .map((events) => {
    const sent: Sent[] = [];
    let seq = 0;
    const call = () => {
      sent.push({ direction: 'tx', isRm: true, hex: header(1, seq, VM_ALLOC_VMID) + le(0, 4) });
      sent.push({
        direction: 'rx',
        isRm: true,
        hex: header(2, seq, VM_ALLOC_VMID) + le(0, 4) + le(0x80 + seq, 4),
      });
      seq++;
    };
    call();
    for (const event of events) {
      if (event === 'call') call();
      else if (event === 'notification')
        sent.push({ direction: 'rx', isRm: true, hex: header(3, seq, VM_STATUS) + le(0x80, 4) + le(3, 4) });
      else {
        // Bytes of another queue that begin as a request to RM does, or any.
        const any = Array.from(event.bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
        const hex = event.alike ? `${header(1, 0x7000 + seq, VM_ALLOC_VMID)}6c6f6f6b73` : `f0${any.slice(2)}`;
        sent.push({ direction: event.tx ? 'tx' : 'rx', isRm: false, hex });
      }
    }
    return sent;
  });

const bytesOf = (hex: string) => hex.match(/../g) ?? [];
/** 240 bytes: the message, then what memory held behind it. */
const padded = (hex: string, fill: string) => bytesOf(hex + fill.repeat(240)).slice(0, 240);
const words = (bytes: readonly string[], width: number) =>
  Array.from({ length: bytes.length / width }, (_, index) => {
    const digits = bytes
      .slice(index * width, (index + 1) * width)
      .reverse()
      .join('')
      .replace(/^0+(?=.)/, '');
    return `0x${digits}`;
  });

/** How the arguments of a probe print the bytes of a message. */
const dataForms: Record<string, (bytes: readonly string[]) => string> = {
  x64: (bytes) => `data={${words(bytes, 8).join(',')}}`,
  x32: (bytes) => `data={${words(bytes, 4).join(',')}}`,
  x8: (bytes) =>
    [0, 64, 128, 192]
      .map((start, index) => `d${index}={${words(bytes.slice(start, start + 64), 1).join(',')}}`)
      .join(' '),
  scalars: (bytes) =>
    words(bytes, 8)
      .map((word, index) => `d${index}=${word}`)
      .join(' '),
  raw: (bytes) => `data=ARRAY[${bytes.join(', ')}]`,
};

/** How users call the arguments of their probes: the message, its size, the queue and the result. */
const argumentNames = {
  ours: { data: 'data', word: 'd', size: 'size', length: 'len', queue: 'capid', result: 'ret' },
  driver: { data: 'buff', word: 'w', size: 'size', length: 'recv_size', queue: 'capid', result: 'retval' },
  long: {
    data: 'payload',
    word: 'word',
    size: 'length',
    length: 'length',
    queue: 'cap_id',
    result: 'status',
  },
  short: { data: 'm', word: 'x', size: 'n', length: 'n', queue: 'q', result: 'r' },
  capital: { data: 'Msg', word: 'W_', size: 'msgSize', length: 'msgSize', queue: 'Cap', result: 'Err' },
} as const;

/** What terminal programs and filters put in front of each line. */
const terminals = {
  none: '',
  minicom: '[2026-11-21 13:14:07] ',
  tio: '[13:14:07.123] ',
  grabserial: '[12.345678 0.000045] ',
  ts: 'Nov 21 13:14:07 ',
  tsRelative: '00:00:07 ',
  tsUnix: '1763730860.123456 ',
  quoted: '> ',
  grep: 'boot.log:',
  grepNumber: '/var/log/boot.log:17:',
  catNumber: '    17\t',
  compose: 'guest-1  | ',
  syslog: '<15>1 2026-11-21T13:14:07.123456+00:00 dev kernel - - - ',
  tab: '\t',
} as const;
const terminal = fc.constantFrom(...Object.values(terminals));

interface TraceForm {
  readonly comm: string;
  readonly data: string;
  readonly names: keyof typeof argumentNames;
  /** The queue as a signed or unsigned decimal number. */
  readonly isDecimal: boolean;
  readonly columns: keyof typeof columns;
  readonly clock: keyof typeof clocks;
  /** What stands before each line: a trace may itself be in a log. */
  readonly before: string;
  readonly group: boolean;
  readonly padding: number;
  readonly fill: string;
  readonly noise: boolean;
  readonly place: keyof typeof places;
  readonly ends: '\n' | '\r\n';
}

/** What stands in brackets behind the event: functions of a module or built in, with addresses, or addresses alone. */
const places = {
  module: {
    tx: '(gunyah_hypercall_msgq_send+0x4/0x20 [gunyah])',
    rx: '(gunyah_rm_rx+0x62/0x90 [gunyah] <- gunyah_hypercall_msgq_recv)',
  },
  builtIn: {
    tx: '(gunyah_hypercall_msgq_send.llvm.42+0x0/0x28)',
    rx: '(gunyah_rm_rx+0x5e/0x90 <- gunyah_hypercall_msgq_recv)',
  },
  symbolAndAddress: {
    tx: '(gunyah_hypercall_msgq_send+0x4/0x20 [gunyah] <ffffffffc03e5014>)',
    rx: '(gunyah_rm_rx+0x62/0x90 [gunyah] <ffffffffc03e5212> <- gunyah_hypercall_msgq_recv)',
  },
  address: { tx: '(ffffffffc03e5014)', rx: '(ffffffffc03e5104 <- ffffffffc03e5212)' },
  fields: {
    tx: '__probe_ip=ffffffffc03e5014',
    rx: '__probe_func=ffffffffc03e5104 __probe_ret_ip=ffffffffc03e5212',
  },
  hidden: { tx: '(0xffffffc008123456)', rx: '(0xffffffc008123456 <- 0xffffffc008123556)' },
} as const;

/** What stands before the event's name. */
const columns = {
  flags: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172     [00${cpu}] d..1.     ${time}: `,
  noIrqInfo: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172     [00${cpu}]     ${time}: `,
  tgid: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172     (    172) [00${cpu}] ..... ${time}: `,
  noTgid: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172     (-------) [00${cpu}] ..... ${time}: `,
  traceCmd: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172   [00${cpu}] ..... ${time}: `,
  traceCmdRaw: (comm: string, time: string, cpu: number) =>
    `${comm.padStart(16)}-172   [00${cpu}]-0x0 ${time}: `,
  traceCmdLatency: (comm: string, time: string, cpu: number) =>
    `${comm.slice(0, 8).padStart(8)}-172     ${cpu}d..1. ${time}: `,
  latency: (comm: string, _: string, cpu: number) =>
    `${comm.slice(0, 8).padStart(8)}-172     ${cpu}d..1. 86997us!: `,
  verbose: (comm: string, _: string, cpu: number) =>
    `${comm.padStart(16)}   172 ${cpu} 0 00000000 0000004b [0000000000000001] 518.721ms (+0.346ms): `,
  perf: (comm: string, time: string, cpu: number) => `${comm.padStart(16)}   172 [00${cpu}] ${time}: gunyah:`,
  perfThreads: (comm: string, time: string) => `${comm.padStart(16)}   172/172 ${time}: gunyah:`,
  perfTime: (_: string, time: string, cpu: number) => `[00${cpu}] ${time}: gunyah:`,
  perfEvent: () => 'gunyah:',
  noContext: () => '',
} as const;

/** The time of a message by its number. */
const clocks = {
  microseconds: (index: number) => `${7 + index}.${647237 + index}`,
  nanoseconds: (index: number) => `${7 + index}.${647237000 + index}`,
  sinceEpoch: (index: number) => `${1_763_730_847 + index}.${647237 + index}`,
  count: (index: number) => String(8_123_456_789 + 1000 * index),
} as const;

const traceForm: fc.Arbitrary<TraceForm> = fc.record({
  comm: fc.constantFrom(
    'qcrosvm',
    'irq/27-gunyah_r',
    '<...>',
    'a: tx: (b',
    'Web Content',
    'kworker/0:1-ev',
    '(x) [1]',
  ),
  data: fc.constantFrom(...Object.keys(dataForms)),
  names: fc.constantFrom(...(Object.keys(argumentNames) as (keyof typeof argumentNames)[])),
  isDecimal: fc.boolean(),
  columns: fc.constantFrom(...(Object.keys(columns) as (keyof typeof columns)[])),
  clock: fc.constantFrom(...(Object.keys(clocks) as (keyof typeof clocks)[])),
  before: fc.constantFrom(
    '',
    '',
    '',
    '[   18.914725] ',
    '[   18.914725][  T168] ',
    '11-21 13:14:20.003     0     0 D ',
    ...Object.values(terminals),
  ),
  group: fc.boolean(),
  padding: fc.integer({ min: 1, max: 20 }),
  fill: fc.constantFrom('00', 'a5', '21'),
  noise: fc.boolean(),
  place: fc.constantFrom(...(Object.keys(places) as (keyof typeof places)[])),
  ends: fc.constantFrom('\n', '\r\n'),
});

function traceText(sent: readonly Sent[], form: TraceForm): string {
  const lines = ['# tracer: nop', '#'];
  const time = clocks[form.clock];
  sent.forEach(({ direction, isRm, hex }, index) => {
    const head = form.before + columns[form.columns](form.comm, time(index), index % 2);
    const place = places[form.place][direction];
    const names = argumentNames[form.names];
    const value = (isRm ? RM : OTHER)[direction];
    const capid = `${names.queue}=${form.isDecimal ? BigInt(value) : value}`;
    const size = hex.length / 2;
    const data = (dataForms[form.data] as (bytes: readonly string[]) => string)(padded(hex, form.fill))
      .replaceAll('data=', `${names.data}=`)
      .replace(/\bd(?=\d+=)/g, names.word);
    const facts =
      direction === 'tx'
        ? `${capid} ${names.size}=${size}`
        : `${names.result}=0 ${capid} ${names.length}=${size}`;
    lines.push(
      `${head}${form.group && !head.endsWith(':') ? 'gunyah:' : ''}${direction}:${' '.repeat(form.padding)}${place} ${facts} ${data}`,
    );
    // A receive that found nothing prints the message before it again.
    if (direction === 'rx') lines.push(`${head}rx: ${place} ${facts.replace(/=0 /, '=60 ')} ${data}`);
    if (form.noise)
      lines.push(
        '          <idle>-0       [000] d..2.    30.005569: sched_switch: prev_comm=tx: (a prev_pid=0 data={0x21}',
        ' => gunyah_hypercall_msgq_send',
      );
  });
  return lines.join(form.ends) + form.ends;
}

const fraction = (us: number) => String(us % 1e6).padStart(6, '0');

/** What programs print before the text of a kernel message. */
const stamps: Record<string, (us: number) => string> = {
  dmesg: (us) => `[${String(Math.floor(us / 1e6)).padStart(5)}.${fraction(us)}] `,
  caller: (us) => `[   20.${fraction(us)}][ T1423] `,
  callerOnProcessor: (us) => `[   20.${fraction(us)}][    C1] `,
  delta: (us) => `[   20.${fraction(us)} <    0.000878>] `,
  deltaOnly: () => '[<    0.000878>] ',
  relative: (us) => (us % 7 === 0 ? '[Nov21 13:14] ' : '[  +0.000878] '),
  raw: (us) => `<7>[   20.${fraction(us)}] `,
  decoded: (us) => `kern  :debug : [   20.${fraction(us)}] `,
  decodedCtime: () => 'kern  :debug : [Sat Nov 21 13:14:07 2026] ',
  decodedIso: (us) => `kern  :debug : 2026-11-21T13:14:07,${fraction(us)}+00:00 `,
  kmsg: (us) => `7,${us},${us},-;`,
  kmsgContinued: (us) => `7,${us},${us},c;`,
  kmsgCaller: (us) => `7,${us},${us},-,caller=T168;`,
  iso: (us) => `2026-11-21T13:14:07,${fraction(us)}+00:00 `,
  ctime: () => '[Sat Nov 21 13:14:07 2026] ',
  short: () => 'Nov 21 13:14:20 device kernel: ',
  shortPrecise: (us) => `Nov 21 13:14:20.${fraction(us)} device kernel: `,
  shortIso: () => '2026-11-21T13:14:20+0000 device kernel: ',
  shortIsoPrecise: (us) => `2026-11-21T13:14:20.${fraction(us)}+00:00 my-host.example kernel: `,
  shortFull: () => 'Sat 2026-11-21 13:14:20 UTC device kernel: ',
  shortUnix: (us) => `1763730860.${fraction(us)} device kernel: `,
  monotonic: (us) => `[   20.${fraction(us)}] device kernel: `,
  syslogAndPrintk: (us) => `Nov 21 13:14:20 device kernel: [   20.${fraction(us)}] `,
  twice: (us) => `[   21.000001] [   20.${fraction(us)}] `,
  threadtime: (us) => `11-21 13:14:20.${fraction(us).slice(0, 3)}     0     0 D kernel  : `,
  threadtimeNoTag: () => '11-21 13:14:20.003     0     0 D ',
  threadtimeYear: (us) => `2026-11-21 13:14:20.${fraction(us)}  root     0     0 D kernel  : `,
  logcatTime: () => '11-21 13:14:20.003 D/kernel  (    0): ',
  logcatBrief: () => 'D/kernel  (    0): ',
  logcatTag: () => 'D/kernel  : ',
  logcatProcess: () => 'D(    0) ',
  logcatEpoch: (us) => `1763730860.${fraction(us).slice(0, 3)}     0     0 D kernel  : `,
  logcatLong: (us) => `[ 11-21 13:14:20.${fraction(us).slice(0, 3)}     0:    0 D/kernel ]\n`,
  none: () => '',
};

interface LogForm {
  readonly terminal?: string;
  readonly colour?: keyof typeof colours;
  readonly stamp: string;
  readonly receive: string;
  readonly noise: number;
  readonly ends: '\n' | '\r\n';
  /** Each line as a member of a JSON object. */
  readonly json: keyof typeof wrappings;
}

/** How programs wrap the text of a kernel message, besides stamps. */
const wrappings = {
  none: (line: string) => line,
  dmesgJson: (line: string) => `{"pri": 7, "time": 20.000123, "msg": ${JSON.stringify(line)}},`,
  journalJson: (line: string) =>
    JSON.stringify({ __CURSOR: 's=1;i=2', PRIORITY: '7', MESSAGE: line, __MONOTONIC_TIMESTAMP: '20000123' }),
  journalExport: (line: string) =>
    `__CURSOR=s=1;i=2\n__MONOTONIC_TIMESTAMP=20000123\nPRIORITY=7\nMESSAGE=${line}\n`,
  journalVerbose: (line: string) =>
    `Sat 2026-11-21 13:14:20.003980 UTC [s=1;i=2]\n    PRIORITY=7\n    MESSAGE=${line}\n    _TRANSPORT=kernel`,
  kmsgKeys: (line: string) => `${line}\n SUBSYSTEM=virtio\n DEVICE=+virtio:virtio2`,
  ascii: (line: string) => (/: (?:[0-9a-f]{2} ?)+$/.test(line) ? `${line}  !......V 00 11..` : line),
} as const;

const GREEN = '\x1b[32m';
const YELLOW = '\x1b[33m';
const PLAIN = '\x1b[0m';

/** How programs colour a line for a terminal: a stamp, and text. */
const colours = {
  none: (stamp: string, text: string) => stamp + text,
  dmesg: (stamp: string, text: string) =>
    `${GREEN}${stamp}${PLAIN}${text.replace(/^[^:]*:/, (name) => `${YELLOW}${name}${PLAIN}`)}`,
  dmesgDebug: (stamp: string, text: string) => `${GREEN}${stamp}${PLAIN}\x1b[1m${text}${PLAIN}`,
  logcat: (stamp: string, text: string) => `\x1b[38;5;75m${stamp}${text}${PLAIN}`,
} as const;

const logForm: fc.Arbitrary<LogForm> = fc.record({
  terminal,
  colour: fc.constantFrom(...(Object.keys(colours) as (keyof typeof colours)[])),
  stamp: fc.constantFrom(...Object.keys(stamps)),
  receive: fc.constantFrom('gh_msgq_recv', 'gh_msgq_recv_state', 'gh_msgq_recv: '),
  noise: fc.integer({ min: 0, max: 2 }),
  ends: fc.constantFrom('\n', '\r\n'),
  json: fc.constantFrom('none', 'none', 'none', ...(Object.keys(wrappings) as (keyof typeof wrappings)[])),
});

function logText(sent: readonly Sent[], form: LogForm): string {
  const lines: string[] = [];
  let us = 20_000_000;
  const stamp = stamps[form.stamp] as (us: number) => string;
  // JSON escapes them, and text columns are not coloured.
  const colour = colours[form.json === 'none' ? (form.colour ?? 'none') : 'none'];
  const put = (text: string) => lines.push((form.terminal ?? '') + colour(stamp(us++), text));
  for (const { direction, hex } of sent) {
    const bytes = bytesOf(hex);
    for (let at = 0; at < bytes.length; at += 16) {
      const name = direction === 'tx' ? 'gh_msgq_send: ' : form.receive;
      put(`${name}${at.toString(16).padStart(8, '0')}: ${bytes.slice(at, at + 16).join(' ')}`);
    }
    if (form.noise > 0) put('healthd: battery l=87 v=4123 t=29.5 h=2 st=2 c=-310');
    if (form.noise > 1) put('gh_rm_call TX: 00000000: 80 00 00 00 01 00 00 00');
  }
  const wrap = wrappings[form.json];
  const head = form.json === 'dmesgJson' ? '{\n   "dmesg": [\n' : '';
  return (
    head.replaceAll('\n', form.ends) +
    lines.map((line) => wrap(line).replaceAll('\n', form.ends) + form.ends).join('')
  );
}

/** The bytes as `%r` prints them. */
const printed = (hex: string) =>
  bytesOf(hex)
    .map((digits) => {
      const code = Number.parseInt(digits, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${digits}`;
    })
    .join('');

function printedAs(hex: string, form: BpftraceForm): string {
  if (form === 'rh') return bytesOf(hex).join(' ');
  return form === 'rx'
    ? bytesOf(hex)
        .map((digits) => `\\x${digits}`)
        .join('')
    : printed(hex);
}

type BpftraceForm = 'r' | 'rx' | 'rh' | 'json';

/** What scripts of users print in front of the bytes: time, direction, queue and size. */
const ownScripts = {
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
const jsonForms: Record<string, (objects: readonly object[]) => string> = {
  pretty: (objects) => objects.map((one) => JSON.stringify(one, null, 2)).join('\n'),
  tabs: (objects) => objects.map((one) => JSON.stringify(one, null, '\t')).join('\n'),
  slurped: (objects) => JSON.stringify(objects, null, 2),
  slurpedInOneLine: (objects) => JSON.stringify(objects),
  sorted: (objects) => objects.map((one) => JSON.stringify(one, Object.keys(one).sort(), 2)).join('\n'),
  dataOnly: (objects) => objects.map((one) => JSON.stringify((one as { data: unknown }).data)).join('\n'),
};

function bpftraceText(sent: readonly Sent[], form: BpftraceForm, before = '', behind = ''): string {
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

const plainTrace: TraceForm = {
  comm: 'a',
  data: 'x64',
  names: 'ours',
  isDecimal: false,
  columns: 'flags',
  clock: 'microseconds',
  before: '',
  group: false,
  padding: 1,
  fill: '00',
  noise: false,
  place: 'module',
  ends: '\n',
};

/** Which message a line behind the header is of; -1 for lines that repeat one. */
function lineOf(lines: readonly string[], at: number): number {
  const isMessage = (text: string) => /: (?:tx|rx):/.test(text) && !/ \w+=60 /.test(text);
  if (!isMessage(lines[at + 2] ?? '')) return -1;
  return lines.slice(2, at + 3).filter(isMessage).length - 1;
}

/** Where the line of each message ends in a text of `traceText`. */
function lineEnds(text: string, sent: readonly Sent[]): number[] {
  const ends: number[] = [];
  let at = 0;
  for (const one of text.split('\n')) {
    at += one.length + 1;
    if (
      / (?:capid|size|cap_id|q|Cap)=/.test(one) &&
      !/ (?:ret|retval|status|r|Err)=60 /.test(one) &&
      ends.length < sent.length
    )
      ends.push(at);
  }
  return ends;
}

const line = ({ direction, hex }: Sent) => `${direction === 'tx' ? '3>255' : '255>3'} ${hex}`;
const framesOf = (sent: readonly Sent[]) => sent.filter(({ isRm }) => isRm).map(line);
const othersOf = (sent: readonly Sent[]) =>
  sent
    .filter(({ isRm }) => !isRm)
    .map(({ direction, hex }) => `${direction === 'tx' ? '3>other' : 'other>3'} ${hex}`);

describe('traces in varied forms', () => {
  it('of ftrace, trace-cmd and perf hold the messages of RM and no others', () => {
    holds(
      fc.property(traffic, traceForm, (sent, form) => {
        const read = readTrace(traceText(sent, form));
        expect(read.frames).toEqual(framesOf(sent));
        expect(read.other).toEqual(othersOf(sent));
      }),
      budget(600),
    );
  });

  it('of kernel logs', () => {
    holds(
      fc.property(traffic, logForm, (sent, form) => {
        const read = readTrace(logText(sent, form));
        expect(read.frames).toEqual(framesOf(sent));
      }),
      budget(600),
    );
  });

  it('of bpftrace', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom('r' as const, 'rx' as const, 'rh' as const, 'json' as const),
        terminal,
        fc.constantFrom('', ' ', '   ', '\r'),
        (sent, form, before, behind) => {
          const read = readTrace(bpftraceText(sent, form, before, behind));
          expect(read.frames).toEqual(framesOf(sent));
          expect(read.other).toEqual(othersOf(sent));
        },
      ),
      budget(600),
    );
  });

  it('of scripts that users write for bpftrace', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom(...(Object.keys(ownScripts) as (keyof typeof ownScripts)[])),
        fc.constantFrom('r' as const, 'rx' as const, 'rh' as const),
        fc.constantFrom('', '', ...Object.keys(jsonForms)),
        (sent, script, form, json) => {
          const lines = sent.map(({ direction, isRm, hex }, index) => {
            const head = ownScripts[script](
              41_661_819_573 + index * 1000,
              direction,
              (isRm ? RM : OTHER)[direction],
              hex.length / 2,
            );
            return head + printedAs(hex, form);
          });
          const objects = [
            { type: 'attached_probes', data: { probes: 3 } },
            ...lines.map((line) => ({ type: 'printf', data: `${line}\n` })),
          ];
          const text =
            json === ''
              ? lines.join('\n')
              : (jsonForms[json] as (objects: readonly object[]) => string)(objects);
          const read = readTrace(`${text}\n`);
          expect(read.frames).toEqual(framesOf(sent));
          expect(read.other).toEqual(othersOf(sent));
        },
      ),
      budget(600),
    );
  });

  it('that follow each other in one text', () => {
    holds(
      fc.property(traffic, traceForm, traceForm, logForm, (sent, first, second, log) => {
        const twice = [...framesOf(sent), ...framesOf(sent)];
        expect(readTrace(traceText(sent, first) + traceText(sent, second)).frames).toEqual(twice);
        expect(readTrace(logText(sent, log) + logText(sent, log)).frames).toEqual(twice);
        const printed = bpftraceText(sent, 'r');
        expect(readTrace(printed + printed).frames).toEqual(twice);
      }),
      budget(300),
    );
  });

  it('of one processor, which has one direction', () => {
    holds(
      fc.property(
        traffic,
        traceForm,
        fc.constantFrom('tx' as const, 'rx' as const),
        (sent, form, direction) => {
          const half = sent.filter((message) => message.direction === direction);
          expect(readTrace(traceText(half, form)).frames).toEqual(framesOf(half));
        },
      ),
      budget(300),
    );
  });

  it('have the time that the kernel printed, whatever stands before it', () => {
    holds(
      fc.property(
        traffic,
        logForm,
        fc.constantFrom('dmesg', 'caller', 'delta', 'raw', 'decoded', 'monotonic', 'syslogAndPrintk'),
        (sent, form, stamp) => {
          const plain = readTrace(logText(sent, { ...form, stamp, terminal: '', colour: 'none' }));
          expect(plain.times.every((time) => time !== undefined)).toBe(true);
          expect(readTrace(logText(sent, { ...form, stamp })).times).toEqual(plain.times);
        },
      ),
      budget(300),
    );
  });

  it('with messages whose last word the kernel could not read', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom('x64' as const, 'x32' as const),
        fc.constantFrom('repeated' as const, 'record' as const),
        fc.nat(),
        (sent, data, stale, choice) => {
          const width = data === 'x64' ? 8 : 4;
          // The record of an earlier event lies there, of a queue that the trace has named.
          const able = sent.filter(
            ({ direction, hex }, at) =>
              at > 1 && direction === 'tx' && (hex.length / 2) % width !== 0 && hex.length < 400,
          );
          fc.pre(able.length > 0);
          const faulted = able[choice % able.length] as Sent;
          const whole = Math.floor(faulted.hex.length / 2 / width);
          const words = Array.from({ length: 240 / width }, () => '0x1');
          if (stale === 'record') words.splice(whole, 4, '0x59d640d8', RM.rx, '0x10', '0x5610000800000321');
          const lines = traceText(sent, { ...plainTrace, data }).split('\n');
          const index = 2 + lines.slice(2).findIndex((_, at) => lineOf(lines, at) === sent.indexOf(faulted));
          lines[index] = (lines[index] as string).replace(
            /data=\{(.*)\}/,
            (_, all: string) =>
              `data={${[...all.split(',').slice(0, whole), ...words.slice(whole)].join(',')}}`,
          );
          const read = readTrace(lines.join('\n'));
          const left = sent.filter((message) => message !== faulted);
          expect(read.frames).toEqual(framesOf(left));
          expect(read.warnings.includes('fault')).toBe(true);
        },
      ),
      budget(300),
    );
  });

  it('of a clock that is coarser than the traffic', () => {
    holds(
      fc.property(traffic, fc.integer({ min: 2, max: 9 }), fc.boolean(), (sent, ofTick, sendsFirst) => {
        const lines = sent.map((message, index) => {
          const cpu = (message.direction === 'tx') === sendsFirst ? 0 : 1;
          const tick = 1414 + Math.floor(index / ofTick);
          const comm = message.direction === 'tx' ? 'qcrosvm-189' : 'irq/27-gunyah_r-168';
          const text = traceText([message], { ...plainTrace, columns: 'noContext' }).split('\n')[2] ?? '';
          return { cpu, tick, text: `${comm.padStart(20)}     [00${cpu}] .....         ${tick}: ${text}` };
        });
        // The kernel merges by time, and by processor where times are equal.
        lines.sort((left, right) => left.tick - right.tick || left.cpu - right.cpu);
        const text = `# tracer: nop\n#\n${lines.map((one) => one.text).join('\n')}\n`;
        expect(readTrace(text).frames).toEqual(framesOf(sent));
      }),
      budget(300),
    );
  });

  it('cut anywhere hold what stands before the cut', () => {
    holds(
      fc.property(traffic, traceForm, fc.double({ min: 0, max: 1, noNaN: true }), (sent, form, share) => {
        const text = traceText(sent, form);
        const lines = text.split('\n');
        // Behind the first answer: before it nothing tells whose queue is RM's.
        const start =
          lines
            .slice(0, lines.findIndex((line) => / (?:ret|retval|status|r|Err)=0 /.test(line)) + 1)
            .join('\n').length + 1;
        const cut = start + Math.floor(share * (text.length - start));
        const { frames } = readTrace(text.slice(0, cut));
        const all = framesOf(sent);
        expect(frames).toEqual(all.slice(0, frames.length));
        const whole = sent.filter((_, index) => (lineEnds(text, sent)[index] as number) <= cut);
        expect(frames.length).toBeGreaterThanOrEqual(framesOf(whole).length);
      }),
      budget(200),
    );
  });

  it('show each message before the next comes, when nothing comes for a while', () => {
    holds(
      fc.property(
        traffic,
        traceForm,
        logForm,
        fc.constantFrom('r' as const, 'rh' as const),
        (sent, form, log, print) => {
          const own = sent.filter(({ isRm }) => isRm);
          for (const textOf of [
            (some: readonly Sent[]) => traceText(some, form),
            (some: readonly Sent[]) => logText(some, log),
            (some: readonly Sent[]) => `${bpftraceText(some, print).trimEnd()}\n`,
          ]) {
            const live = liveTrace();
            let before = '';
            own.forEach((_, index) => {
              const text = textOf(own.slice(0, index + 1));
              live.push(text.slice(before.length));
              live.settle();
              before = text;
              expect(live.frames).toEqual(framesOf(own.slice(0, index + 1)));
            });
          }
        },
      ),
      budget(100),
    );
  });

  it('with a megabyte of a foreign log in front, between and behind', () => {
    const foreign = Array.from(
      { length: 12_000 },
      (_, index) =>
        `[ 1${index}.000000] usb 1-1: new device 21 01 00 of (x) at 0x${index.toString(16)}: size=12 ok\n`,
    ).join('');
    const sent: Sent[] = [0, 1, 2].flatMap((seq) => [
      { direction: 'tx' as const, isRm: true, hex: header(1, seq, VM_ALLOC_VMID) + le(0, 4) },
      { direction: 'rx' as const, isRm: true, hex: header(2, seq, VM_ALLOC_VMID) + le(0, 4) + le(0x80, 4) },
    ]);
    const form: LogForm = { stamp: 'dmesg', receive: 'gh_msgq_recv', noise: 0, ends: '\n', json: 'none' };
    for (const text of [logText(sent, form), traceText(sent, plainTrace)])
      expect(readTrace(foreign + text + foreign).frames).toEqual(framesOf(sent));
  });
});
