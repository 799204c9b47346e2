import { describe, expect, it } from 'vitest';
import { readTrace } from './read.js';

const RM = { tx: '0x4d1b8e2c00000061', rx: '0x4d1b8e2c00000062' };

interface Sent {
  readonly hex: string;
  /** Bytes of the array behind the message, which has room for 240. */
  readonly behind: string;
}

const word = (bytes: string) =>
  `0x${(bytes.match(/../g) ?? [])
    .reverse()
    .join('')
    .replace(/^0+(?=.)/, '')}`;
const array = (hex: string, width: number) =>
  `{${(hex.match(new RegExp(`.{${width * 2}}`, 'g')) ?? []).map(word).join(',')}}`;

/** The data of a send: a message and what lies behind it, as words of `width` bytes. */
function dataOf({ hex, behind }: Sent, width: number): string {
  const bytes = (hex + behind).slice(0, 480);
  if (width > 2) return `data=${array(bytes, width)}`;
  // One array has at most 64 elements.
  const parts = bytes.match(new RegExp(`.{1,${64 * width * 2}}`, 'g')) ?? [];
  return parts.map((part, index) => `d${index}=${array(part, width)}`).join(' ');
}

function traceOf(sent: readonly Sent[], width: number): string {
  const lines = sent.flatMap((one, seq) => {
    const data = dataOf(one, width);
    const facts = `size=${one.hex.length / 2} ${data}`;
    const answer = `2102${seq.toString(16).padStart(2, '0')}00010000560000000081000000`;
    return [
      `a-172 [000] d..1. ${seq}.000001: tx: (gunyah_hypercall_msgq_send+0x4/0x20) capid=${RM.tx} ${facts}`,
      `b-168 [001] d..1. ${seq}.000002: rx: (gunyah_rm_rx+0x62/0x90 <- gunyah_hypercall_msgq_recv) ret=0 capid=${RM.rx} len=16 ${dataOf({ hex: answer, behind: '00'.repeat(240) }, width)}`,
    ];
  });
  return `# tracer: nop\n#\n${lines.join('\n')}\n`;
}

/** A request with `size` bytes, whose payload repeats `payload`. */
const request = (seq: number, size: number, payload: string) =>
  `2101${seq.toString(16).padStart(2, '0')}0001000056${payload.repeat(240)}`.slice(0, size * 2);

const sizes = [9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 28, 100, 209, 228, 236, 239, 240];
const readSends = (text: string) => {
  const { frames, cut } = readTrace(text);
  return { sends: frames.filter((frame) => frame.startsWith('3>')), cut };
};

describe('a message that the kernel has read is whole', () => {
  /** What memory holds at the message's place and behind it, from the message's first byte on. */
  const memory: Record<string, (hex: string) => string> = {
    zeros: () => '00'.repeat(240),
    'slab poison': () => '6b'.repeat(240),
    'one low byte': () => '01'.repeat(240),
    'ones alone': () => 'ff'.repeat(240),
    'a repeated pointer': () => 'c05e0381ffffffff'.repeat(30),
    'the message before': (hex) => hex.repeat(30),
    'a queue and a number': () => '610000002c8e1b4d1b00000000000000'.repeat(15),
  };
  for (const [name, holds] of Object.entries(memory))
    it.each([8, 4, 2, 1])(`with ${name} behind it, words of %i bytes`, (width) => {
      for (const payload of ['01000000', 'ffffffff', '6b6b6b6b', '80000000', '01010101']) {
        const sent = sizes.map((size, seq) => {
          const hex = request(seq, size, payload);
          return { hex, behind: holds(hex).slice(hex.length) };
        });
        const { sends, cut } = readSends(traceOf(sent, width));
        expect(cut).toEqual([]);
        expect(sends).toEqual(sent.map(({ hex }) => `3>255 ${hex}`));
      }
    });

  it('when a longer message of the same value lay in its memory before', () => {
    const long = request(0, 240, '0100000000000000');
    const short = request(1, 12, '01000000');
    const sent = [
      { hex: long, behind: '' },
      { hex: short, behind: long.slice(short.length) },
    ];
    expect(readSends(traceOf(sent, 8))).toEqual({ sends: sent.map(({ hex }) => `3>255 ${hex}`), cut: [] });
  });

  it('when memory holds a value that was seen behind another message', () => {
    const fill = '0100000000000000'.repeat(30);
    const sent = ['02000000', '01000000'].map((payload, seq) => ({
      hex: request(seq, 12, payload),
      behind: fill.slice(24),
    }));
    expect(readSends(traceOf(sent, 8))).toEqual({ sends: sent.map(({ hex }) => `3>255 ${hex}`), cut: [] });
  });
});

describe('a message whose last word was not read is cut', () => {
  const record = `0000000090000000${'00'.repeat(8)}620000002c8e1b4d10000000000000002103000008001056`;
  it.each([
    ['a value that repeats', '0100000000000000'.repeat(30)],
    ['the record of another event', record.padEnd(480, '0')],
  ])('where %s stands', (_, stale) => {
    const whole = { hex: request(0, 12, '05000000'), behind: '00'.repeat(240) };
    const faulted = { hex: `${request(1, 8, '')}${stale.slice(0, 8)}`, behind: stale.slice(8) };
    const { sends, cut } = readSends(traceOf([whole, faulted], 8));
    expect(sends).toEqual([`3>255 ${whole.hex}`]);
    expect(cut).toEqual([`3>255 12 ${request(1, 8, '')}`]);
  });
});
