import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { type HelpPage, pageOf } from '../../src/cli/help-page.js';
import { CommandIo } from '../../src/cli/io.js';
import { manPage } from '../../src/cli/man-page.js';
import { wrapNotes } from '../../src/cli/notes.js';
import { programOf } from '../../src/cli/program.js';
import { printStoredHelp } from '../../src/cli/stored-help.js';
import { noStdio } from '../../src/node/stdio.js';
import { gunyahRm } from './run.js';

const program = await programOf(new CommandIo(protocol, noStdio), []);
const pages = program.commands.map(pageOf);

/** The words of each command. */
function wordsOf({ name, commands }: HelpPage): string[][] {
  return [[name], ...commands.flatMap(wordsOf).map((words) => [name, ...words])];
}
const commands = pages.flatMap(wordsOf).map((words) => words.join(' '));

describe('--help', () => {
  it.each([['help', 'decod'], ['decod', '--help'], ['decod']])(
    'of a command that there is not names the nearest one: %s',
    async (...words) => {
      const stderr = "gunyah-rm: unknown command 'decod' (Did you mean decode?)\n";
      expect(await gunyahRm(words)).toMatchObject({ code: 2, stdout: '', stderr });
    },
  );

  it.each([
    ['help', 'conform', 'rnu'],
    ['conform', 'help', 'rnu'],
    ['conform', 'rnu', '--help'],
  ])('of a command that its group does not have names it: %s', async (...words) => {
    const stderr = "gunyah-rm: unknown command 'rnu'\n";
    expect(await gunyahRm(words)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it.each([
    ['help', 'conform', 'rm'],
    ['conform', 'help', 'rm'],
  ])('of a command in a group can be asked in each way: %s', async (...words) => {
    expect(await gunyahRm(words)).toEqual(await gunyahRm(['conform', 'rm', '--help']));
  });

  it.each(commands)('of %s fits a page and names its defaults', async (command) => {
    const { code, stdout } = await gunyahRm([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: gunyah-rm ${command}`);
    expect(stdout.split('\n').filter((line) => line.length > 130)).toEqual([]);
    expect(stdout).not.toMatch(/default: [{[]/);
  });

  it('of the program itself wraps at the width of the terminal', async () => {
    for (const columns of [80, 100]) {
      const { stdout } = await gunyahRm(['--help'], { columns });
      expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    }
  });

  it.each(commands)('of %s wraps at the width of the terminal', async (command) => {
    for (const columns of [80, 100]) {
      const { stdout } = await gunyahRm([...command.split(' '), '--help'], { columns });
      // A word such as an object of JSON cannot be cut.
      const long = stdout.split('\n').filter((line) => line.length > columns && /\S \S/.test(line));
      expect(long).toEqual([]);
    }
  });
});

describe('the help that the build stores', () => {
  const stored: HelpPage[] = JSON.parse(JSON.stringify(pages));
  const printed = (words: readonly string[], columns?: number) => {
    let [out, error] = ['', ''];
    const write = (bytes: Uint8Array) => {
      out += Buffer.from(bytes);
      return true;
    };
    const writeError = (text: string) => {
      error += text;
    };
    const code = printStoredHelp(stored, words, { ...noStdio, columns, write, writeError });
    return { code, stdout: out, stderr: error };
  };

  it.each([
    [],
    ['--help'],
    ['help', 'fuzz'],
    ['help', 'conform', 'rm'],
    ['conform', 'help'],
    ['decode', 'a.pcapng', '-h'],
    ['encode', '--to', 'hex', '--help'],
    ...commands.map((command) => [...command.split(' '), '--help']),
  ])('is that of the commands: %s', async (...words) => {
    for (const columns of [undefined, 60, 130]) {
      const { code, stdout, stderr } = await gunyahRm(words, columns === undefined ? {} : { columns });
      expect(printed(words, columns)).toEqual({ code, stdout, stderr });
    }
  });

  it.each([
    ['decode', 'a.pcapng'],
    ['decode', '--filter', '--help'],
    ['decode', '--', '--help'],
    ['no-such-command'],
    ['help', 'decod'],
    ['decod', '--help'],
    ['fuzz', '--no-such-option'],
  ])('leaves to the commands what does not ask for it: %s', (...words) => {
    expect(printed(words)).toEqual({ code: undefined, stdout: '', stderr: '' });
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

describe('notes about a table', () => {
  it('join what goes on further to the right', () => {
    const text = ['  exec:X   a program that', '           reads lines', '  dgram:X  sockets'].join('\n');
    expect(wrapNotes(text, 24).split('\n')).toEqual([
      '  exec:X',
      '      a program that',
      '      reads lines',
      '  dgram:X',
      '      sockets',
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
    const page = manPage(program, '1.2.3');
    for (const command of commands)
      expect(page).toContain(`.SS "gunyah\\-rm ${command.replaceAll('-', '\\-')} `);
    expect(page).toContain('.B \\-\\-follow\n');
    for (const line of page.split('\n')) expect(line).not.toMatch(/^(\.(?![A-Zfnb])|')/);
  });
});

describe('tables on a terminal', () => {
  it.each([[['lint', '--rules']], [['query', '--list']], [['conform', 'rm', '--list']]])(
    '%s goes on below the last column',
    async (words) => {
      const { stdout } = await gunyahRm(words, { columns: 80 });
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const { stdout: plain } = await gunyahRm(words);
      expect(stdout.replaceAll(/\s+/g, ' ')).toBe(plain.replaceAll(/\s+/g, ' '));
    },
  );
});
