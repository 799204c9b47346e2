import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../../part.js';
import { holds } from '../../seeded.js';
import { readTrace } from './read.js';

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

interface TraceForm {
  readonly comm: string;
  readonly data: string;
  readonly columns: 'flags' | 'none' | 'tgid' | 'bare';
  readonly clock: 'seconds' | 'count';
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
  hidden: { tx: '(0xffffffc008123456)', rx: '(0xffffffc008123456 <- 0xffffffc008123556)' },
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
  columns: fc.constantFrom('flags', 'none', 'tgid', 'bare'),
  clock: fc.constantFrom('seconds', 'count'),
  group: fc.boolean(),
  padding: fc.integer({ min: 1, max: 20 }),
  fill: fc.constantFrom('00', 'a5', '21'),
  noise: fc.boolean(),
  place: fc.constantFrom('module', 'builtIn', 'symbolAndAddress', 'address', 'hidden'),
  ends: fc.constantFrom('\n', '\r\n'),
});

function traceText(sent: readonly Sent[], form: TraceForm): string {
  const lines = ['# tracer: nop', '#'];
  sent.forEach(({ direction, isRm, hex }, index) => {
    const time = form.clock === 'seconds' ? `${7 + index}.${String(647237 + index)}` : String(5000 + index);
    const head = {
      flags: `${form.comm.padStart(16)}-172     [000] d..1.     ${time}: `,
      none: `${form.comm.padStart(16)}-172     [001]     ${time}: `,
      tgid: `${form.comm.padStart(16)}-172     (    172) [000] ..... ${time}: `,
      bare: '',
    }[form.columns];
    const place = places[form.place][direction];
    const capid = (isRm ? RM : OTHER)[direction];
    const size = hex.length / 2;
    const data = (dataForms[form.data] as (bytes: readonly string[]) => string)(padded(hex, form.fill));
    const facts = direction === 'tx' ? `capid=${capid} size=${size}` : `ret=0 capid=${capid} len=${size}`;
    lines.push(
      `${head}${form.group ? 'gunyah:' : ''}${direction}:${' '.repeat(form.padding)}${place} ${facts} ${data}`,
    );
    // A receive that found nothing prints the message before it again.
    if (direction === 'rx') lines.push(`${head}rx: ${place} ret=60 capid=${capid} len=${size} ${data}`);
    if (form.noise)
      lines.push(
        '          <idle>-0       [000] d..2.    30.005569: sched_switch: prev_comm=tx: (a prev_pid=0 data={0x21}',
        ' => gunyah_hypercall_msgq_send',
      );
  });
  return lines.join(form.ends) + form.ends;
}

const stamps: Record<string, (us: number) => string> = {
  printk: (us) => `[${String(Math.floor(us / 1e6)).padStart(5)}.${String(us % 1e6).padStart(6, '0')}] `,
  caller: (us) => `[   20.${String(us % 1e6).padStart(6, '0')}][ T1423] `,
  delta: (us) => `[   20.${String(us % 1e6).padStart(6, '0')} <    0.000878>] `,
  level: (us) => `<7>[   20.${String(us % 1e6).padStart(6, '0')}] `,
  decoded: () => 'kern  :debug : [   18.914725] ',
  kmsg: (us) => `7,${us},${us},-;`,
  iso: (us) => `2026-11-21T13:14:07,${String(us % 1e6).padStart(6, '0')}+00:00 `,
  ctime: () => '[Sat Nov 21 13:14:07 2026] ',
  journal: () => 'Nov 21 13:14:20 device kernel: ',
  monotonic: () => '[   20.003980] device kernel: ',
  logcat: () => '11-21 13:14:20.003     0     0 D ',
  tag: () => 'D/kernel  (    0): ',
  none: () => '',
};

interface LogForm {
  readonly stamp: string;
  readonly receive: string;
  readonly noise: number;
  readonly ends: '\n' | '\r\n';
}

const logForm: fc.Arbitrary<LogForm> = fc.record({
  stamp: fc.constantFrom(...Object.keys(stamps)),
  receive: fc.constantFrom('gh_msgq_recv', 'gh_msgq_recv_state', 'gh_msgq_recv: '),
  noise: fc.integer({ min: 0, max: 2 }),
  ends: fc.constantFrom('\n', '\r\n'),
});

function logText(sent: readonly Sent[], form: LogForm): string {
  const lines: string[] = [];
  let us = 20_000_000;
  const stamp = stamps[form.stamp] as (us: number) => string;
  for (const { direction, hex } of sent) {
    const bytes = bytesOf(hex);
    for (let at = 0; at < bytes.length; at += 16) {
      const name = direction === 'tx' ? 'gh_msgq_send: ' : form.receive;
      lines.push(
        `${stamp(us++)}${name}${at.toString(16).padStart(8, '0')}: ${bytes.slice(at, at + 16).join(' ')}`,
      );
    }
    if (form.noise > 0) lines.push(`${stamp(us++)}healthd: battery l=87 v=4123 t=29.5 h=2 st=2 c=-310`);
    if (form.noise > 1) lines.push(`${stamp(us++)}gh_rm_call TX: 00000000: 80 00 00 00 01 00 00 00`);
  }
  return lines.join(form.ends) + form.ends;
}

/** The bytes as `%r` prints them. */
const printed = (hex: string) =>
  bytesOf(hex)
    .map((digits) => {
      const code = Number.parseInt(digits, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${digits}`;
    })
    .join('');

function bpftraceText(sent: readonly Sent[], form: 'r' | 'rx' | 'rh' | 'json'): string {
  const lines = sent.map(({ direction, isRm, hex }, index) => {
    const data = {
      r: printed(hex),
      json: printed(hex),
      rx: bytesOf(hex)
        .map((digits) => `\\x${digits}`)
        .join(''),
      rh: bytesOf(hex).join(' '),
    }[form];
    const queue = (isRm ? RM : OTHER)[direction];
    return `${41_661_819_573 + index * 1000} ${direction} capid=${queue} size=${hex.length / 2} ${data}`;
  });
  if (form !== 'json') return `Attaching 2 probes...\n${lines.join('\n')}\n\n`;
  const wrapped = lines.map((line) => JSON.stringify({ type: 'printf', data: `${line}\n` }));
  return `{"type": "attached_probes", "data": {"probes": 3}}\n${wrapped.join('\n').replaceAll('":"', '": "').replaceAll(',"data', ', "data')}\n`;
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
        (sent, form) => {
          const read = readTrace(bpftraceText(sent, form));
          expect(read.frames).toEqual(framesOf(sent));
          expect(read.other).toEqual(othersOf(sent));
        },
      ),
      budget(600),
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
    const form: LogForm = { stamp: 'printk', receive: 'gh_msgq_recv', noise: 0, ends: '\n' };
    const trace: TraceForm = {
      comm: 'a',
      data: 'x64',
      columns: 'flags',
      clock: 'seconds',
      group: false,
      padding: 1,
      fill: '00',
      noise: false,
      place: 'module',
      ends: '\n',
    };
    for (const text of [logText(sent, form), traceText(sent, trace)])
      expect(readTrace(foreign + text + foreign).frames).toEqual(framesOf(sent));
  });
});
