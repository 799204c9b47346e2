import fc from 'fast-check';

export interface Sent {
  readonly direction: 'tx' | 'rx';
  readonly isRm: boolean;
  readonly hex: string;
}

export const RM = { tx: '0x4d1b8e2c00000061', rx: '0x4d1b8e2c00000062' };
export const OTHER = { tx: '0x4d1b8e2c000000a7', rx: '0x4d1b8e2c000000a8' };

export const le = (value: number, size: number) =>
  Array.from({ length: size }, (_, index) =>
    ((value >>> (index * 8)) & 0xff).toString(16).padStart(2, '0'),
  ).join('');
export const header = (type: number, seq: number, id: number) => `21${le(type, 1)}${le(seq, 2)}${le(id, 4)}`;
export const VM_ALLOC_VMID = 0x56000001;
const VM_STATUS = 0x56100008;

/** A client that calls RM, notifications, and another driver that talks over its own queues. */
export const traffic: fc.Arbitrary<Sent[]> = fc
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

export const bytesOf = (hex: string) => hex.match(/../g) ?? [];
/** 240 bytes: the message, then what memory held behind it. */
export const padded = (hex: string, fill: string) => bytesOf(hex + fill.repeat(240)).slice(0, 240);
export const words = (bytes: readonly string[], width: number) =>
  Array.from({ length: bytes.length / width }, (_, index) => {
    const digits = bytes
      .slice(index * width, (index + 1) * width)
      .reverse()
      .join('')
      .replace(/^0+(?=.)/, '');
    return `0x${digits}`;
  });

/** What terminal programs and filters put in front of each line. */
export const terminals = {
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
export const terminal = fc.constantFrom(...Object.values(terminals));

const line = ({ direction, hex }: Sent) => `${direction === 'tx' ? '3>255' : '255>3'} ${hex}`;
export const framesOf = (sent: readonly Sent[]) => sent.filter(({ isRm }) => isRm).map(line);
export const othersOf = (sent: readonly Sent[]) =>
  sent
    .filter(({ isRm }) => !isRm)
    .map(({ direction, hex }) => `${direction === 'tx' ? '3>other' : 'other>3'} ${hex}`);
