import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { collect } from './collect.js';

const A = '210104000400005680000000';
const B = '2102040004000056000000000102030405';
const pairs = (hex: string, mark = ' ') => (hex.match(/../g) as string[]).join(mark);

function read(text: string) {
  const make = (...sinks: Parameters<Parameters<typeof collect>[0]>) =>
    new CaptureInput(protocol, undefined, ...sinks);
  const { packets, error, warnings } = collect(make, new TextEncoder().encode(text));
  return { hexes: packets.map(({ hex }) => hex), error: error?.code, warnings: warnings.length };
}

const fine = (...hexes: readonly string[]) => ({ hexes, error: undefined, warnings: 0 });

describe('texts that look like others', () => {
  it('words of a message are no offset and its bytes', () => {
    const words = '21010000 21000051 6c9a0019';
    expect(read(`${words}\n21020000 04000056\n`)).toEqual(
      fine(words.replaceAll(' ', ''), '2102000004000056'),
    );
  });

  it('separators alone are no message', () => {
    expect(read(`${A}\n;\n${A}\n,\n`)).toEqual(fine(A, A));
  });

  it('a recording of a terminal has = in its first line', () => {
    const literal = (hex: string) => `b"\\x${pairs(hex, '\\x')}"`;
    const text = `Script started [TERM="xterm"]\r\n${literal(A)}\r\n\r\n${literal(A)}\r\n`;
    expect(read(text)).toEqual(fine(A, A));
  });

  it('the stack of a crash behind stamps is no dump', () => {
    const words = '21a54b3e7d1c0f99 ffff800081e3bd21 0000000000000021 ffff0000c0a1b2c3';
    const text = `[    1.000000]  ${words}\n[    1.000001]  ${words}\n`;
    expect(read(text)).toEqual(fine());
    expect(read(`[    1.000000] 9f20: ${'21e4c0a1 b05f7c21 '.repeat(4)}\n`)).toEqual(fine());
  });

  it('an address of IPv6 is no message', () => {
    expect(read(`[    1.000000] DROP SRC=${'2100:'.repeat(7)}2100\n`)).toEqual(fine());
  });
});

describe('a dump that is printed again', () => {
  const dump = '0x4020 <msg+0>:\t0x21\t0x01\t0x04\t0x00\t0x04\t0x00\t0x00\t0x56\n';
  const words = '0x80001000: 00040121 56000004 00000080\n';

  it('begins a message at the same address', () => {
    expect(read(`${dump}${dump}`)).toEqual(fine(A.slice(0, 16), A.slice(0, 16)));
  });

  it('begins a message in numbers, too', () => {
    expect(read(`${words}${words}`)).toEqual(fine(A, A));
    expect(read(`${words}\n> mdw\n${words}`)).toEqual(fine(A, A));
  });
});

describe('the last bytes of a dump', () => {
  it('of xxd -e are fewer than those of a number', () => {
    const line = '00000000: 00040221 56000004 00000000 04030201  !......V........';
    expect(read(`${line}\n00000010:       05                             .\n`)).toEqual(fine(B));
    expect(read('00000000: 5600000400040121         00000080  !......V....\n')).toEqual(fine(A));
  });

  it('of xxd are an odd number behind stamps', () => {
    const line = '[    1.000000] 00000000: 2102 0400 0400 0056 0000 0000 0102 0304  !......V........';
    const last = '[    1.000000] 00000010: 05                                       .';
    expect(read(`${line}\n${last}\n`)).toEqual(fine(B));
  });
});

it('lines of a log may end with CR alone', () => {
  const lines = [A, A].map((hex) => `[    1.000000] rm: ${pairs(hex)}`);
  expect(read(`[    1.000000] Linux\r${lines.join('\r')}\r`)).toEqual(fine(A, A));
});
