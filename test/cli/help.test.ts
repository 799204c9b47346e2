import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CommandIo } from '../../src/cli/io.js';
import { manPage } from '../../src/cli/man-page.js';
import { wrapNotes } from '../../src/cli/notes.js';
import { programOf } from '../../src/cli/program.js';
import { gunyahRm, noStdio } from './run.js';

const commands = [
  'decode',
  'encode',
  'describe',
  'diff',
  'simulate',
  'replay',
  'serve',
  'fuzz',
  'golden',
  'export',
  'inspect',
  'call',
  'listen',
  'relay',
  'conform',
  'capture',
  'completion',
];

describe('--help', () => {
  it.each(commands)('of %s fits a page and names its defaults', async (command) => {
    const { code, stdout } = await gunyahRm([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: gunyah-rm ${command}`);
    expect(stdout.split('\n').filter((line) => line.length > 130)).toEqual([]);
    expect(stdout).not.toMatch(/default: [{[]/);
  });

  it.each(commands)('of %s wraps at the width of the terminal', async (command) => {
    for (const columns of [80, 100]) {
      const { stdout } = await gunyahRm([command, '--help'], { columns });
      // A word such as an object of JSON cannot be cut.
      const long = stdout.split('\n').filter((line) => line.length > columns && /\S \S/.test(line));
      expect(long).toEqual([]);
    }
  });
});

describe('notes', () => {
  it('wrap sentences, and put comments under examples that are too long with them', () => {
    const text = [
      'One sentence that is',
      'cut in two.',
      '',
      'Examples:',
      "  tool --filter 'a == 1 and b' x     short",
      '  tool y     what it does in many words',
    ].join('\n');
    expect(wrapNotes(text, 120)).toBe(text.replace('is\ncut', 'is cut'));
    expect(wrapNotes(text, 30).split('\n')).toEqual([
      'One sentence that is cut in',
      'two.',
      '',
      'Examples:',
      '  tool --filter \\',
      "      'a == 1 and b' x",
      '      short',
      '  tool y',
      '      what it does in many',
      '      words',
    ]);
  });
});

describe('-V and -q', () => {
  it.each([['-V'], ['decode', '-V'], ['fuzz', 'corpus', '--version']])(
    '%s prints the version',
    async (...words) => {
      expect((await gunyahRm(words)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    },
  );

  it('-q leaves errors and takes warnings', async () => {
    const input = '3>255 210101000400005680000000\n!>255 21\n3>255 210101000400005680000000\n';
    const loud = await gunyahRm(['decode', '-', '--format', 'messages'], { input });
    for (const words of [
      ['-q', 'decode', '-'],
      ['decode', '-', '-q'],
    ]) {
      const quiet = await gunyahRm([...words, '--format', 'messages'], { input });
      expect([quiet.code, quiet.stdout]).toEqual([loud.code, loud.stdout]);
    }
    expect((await gunyahRm(['decode', '-q', 'no such file'])).stderr).toMatch(/no such file/i);
  });
});

describe('the manual page', () => {
  it('tells every command and option, in lines that man takes', async () => {
    const program = await programOf(new CommandIo(protocol, noStdio), []);
    const page = manPage(program, '1.2.3');
    for (const command of commands)
      expect(page).toContain(`.SS "gunyah\\-rm ${command.replaceAll('-', '\\-')} `);
    expect(page).toContain('.B \\-\\-follow\n');
    for (const line of page.split('\n')) expect(line).not.toMatch(/^(\.(?![A-Zfnb])|')/);
  });
});
