import fc from 'fast-check';
import { bytesOf, type Sent, terminal } from './varied-traffic.js';

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

export interface LogForm {
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

export const logForm: fc.Arbitrary<LogForm> = fc.record({
  terminal,
  colour: fc.constantFrom(...(Object.keys(colours) as (keyof typeof colours)[])),
  stamp: fc.constantFrom(...Object.keys(stamps)),
  receive: fc.constantFrom('gh_msgq_recv', 'gh_msgq_recv_state', 'gh_msgq_recv: '),
  noise: fc.integer({ min: 0, max: 2 }),
  ends: fc.constantFrom('\n', '\r\n'),
  json: fc.constantFrom('none', 'none', 'none', ...(Object.keys(wrappings) as (keyof typeof wrappings)[])),
});

export function logText(sent: readonly Sent[], form: LogForm): string {
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
