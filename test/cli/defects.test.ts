import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';
import { gunyahRm } from './run.js';

const message = '{"from":3,"name":"VM_START","payload":{"vmid":1}}\n';
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('a defect of this program', () => {
  const broken = (env: { readonly [name: string]: string }) => {
    let stderr = '';
    const stdio = {
      ...noStdio,
      env,
      read: (): number => {
        throw new TypeError('x is not\na function');
      },
      writeError: (text: string) => {
        stderr += text;
      },
    };
    return run(['decode', '-', '--json'], stdio).then((code) => ({ code, stderr }));
  };

  it('ends with 4 and one line that says how to report it', async () => {
    const { code, stderr } = await broken({});
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^gunyah-rm has a defect: TypeError: x is not\\u000aa function\. .*issues.*version \d.*command: gunyah-rm decode - --json\n$/,
    );
  });

  it('shows its stack with GUNYAH_RM_DEBUG', async () => {
    const { code, stderr } = await broken({ GUNYAH_RM_DEBUG: '1' });
    expect([code, stderr]).toEqual([4, expect.stringMatching(/\n +at /)]);
  });
});

describe('input without measure', () => {
  it.each([
    ['a line', nested(5000)],
    ['a key', `{"from":3,"name":"VM_START","payload":${nested(5000)}}`],
    ['an unknown key', `{"from":3,"name":"VM_START","beyond":${nested(200_000)}}`],
  ])('%s of NDJSON that is nested too deep is refused', async (_what, text) => {
    const { code, stderr } = await gunyahRm(['encode', '-'], { input: `${message}${text}\n` });
    expect(stderr).toMatch(/^gunyah-rm: standard input: line 2: offset 50: expected at most 64 levels/);
    expect(code).toBe(1);
  });

  it.each(['simulate', 'replay'])('%s refuses a scenario that is nested too deep', async (command) => {
    const input = `{"scenario":"deep"}\n{"from":3,"name":"VM_START","payload":${nested(20_000)}}\n`;
    const { code, stderr } = await gunyahRm([command, '-'], { input });
    expect([code, stderr]).toEqual([1, expect.stringContaining('64 levels')]);
  });

  it.each([
    [2, 'call VM_GET_VMID LONG --target sim'],
    [2, 'call LONG --target sim'],
    [2, 'decode - --filter LONG'],
    [2, 'decode - --rules LONG'],
    [2, 'decode - --LONG'],
    [2, 'diff - - --ignore LONG'],
    [2, 'describe LONG'],
    [2, 'lint --explain LONG'],
    [2, 'LONG'],
  ])('a word that is too long is not repeated: %i, %s', async (exit, words) => {
    const args = words.split(' ').map((word) => word.replace('LONG', 'x'.repeat(40_000)));
    const { code, stderr } = await gunyahRm(args, { input: message });
    expect([code, stderr.split('\n').length]).toEqual([exit, 2]);
    expect(stderr.length).toBeLessThan(1000);
  });

  it.each(['decode', 'encode', 'diff -', 'lint', 'simulate', 'replay', 'inspect'])(
    '%s of a file whose name is too long ends as of any file that is not there',
    async (words) => {
      const { code, stderr } = await gunyahRm([...words.split(' '), 'x'.repeat(4096)], { input: message });
      expect(stderr).toMatch(/^gunyah-rm: x+: the name is too long\n$/);
      expect(code).toBe(3);
    },
  );

  it('a filter may have many terms', async () => {
    for (const word of ['or', 'and']) {
      const terms = Array.from({ length: 24_001 }, () => (word === 'or' ? 'from == 4' : 'from == 3'));
      const filter = [...terms, 'from == 3'].join(` ${word} `);
      const { code, stdout } = await gunyahRm(['decode', '-', '--filter', filter], { input: message });
      expect([code, stdout]).toEqual([0, expect.stringContaining('VM_START')]);
    }
  });

  it('a summary may have many kinds', async () => {
    const replies: string[] = [];
    const total = 125_000;
    for (let index = 0; index < total; index++) {
      const frame = Buffer.alloc(12);
      frame.writeUInt8(0x21, 0);
      frame.writeUInt8(2, 1);
      frame.writeUInt32LE(index >>> 6, 4);
      frame.writeUInt32LE(0x1000 + (index & 63), 8);
      replies.push(`255>3 ${frame.toString('hex')}\n`);
    }
    const { code, stdout } = await gunyahRm(['decode', '-', '--summary'], { input: replies.join('') });
    expect(stdout).toContain(`${total} records`);
    expect(stdout).toMatch(/^0x00000000 +4096 +1$/m);
    expect(code).toBeLessThan(2);
  });
});
