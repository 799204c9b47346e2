import { describe, expect, it } from 'vitest';
import { gunyahRm } from './run.js';

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
];

describe('--help', () => {
  it.each(commands)('of %s fits a page and names its defaults', async (command) => {
    const { code, stdout } = await gunyahRm([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: gunyah-rm ${command}`);
    expect(stdout.split('\n').filter((line) => line.length > 130)).toEqual([]);
    expect(stdout).not.toMatch(/default: [{[]/);
  });
});
