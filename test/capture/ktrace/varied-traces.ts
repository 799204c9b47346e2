import fc from 'fast-check';
import { OTHER, padded, RM, type Sent, terminals, words } from './varied-traffic.js';

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

export const traceForm: fc.Arbitrary<TraceForm> = fc.record({
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

export function traceText(sent: readonly Sent[], form: TraceForm): string {
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

export const plainTrace: TraceForm = {
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
export function lineOf(lines: readonly string[], at: number): number {
  const isMessage = (text: string) => /: (?:tx|rx):/.test(text) && !/ \w+=60 /.test(text);
  if (!isMessage(lines[at + 2] ?? '')) return -1;
  return lines.slice(2, at + 3).filter(isMessage).length - 1;
}

/** Where the line of each message ends in a text of `traceText`. */
export function lineEnds(text: string, sent: readonly Sent[]): number[] {
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
