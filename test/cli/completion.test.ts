import { describe, expect, it } from 'vitest';
import { completionScripts } from '../../src/cli/completion/scripts.js';
import { shellWords } from '../../src/cli/completion/words.js';
import { gunyahRm } from './run.js';

/** The words that may stand at the end of a line. */
async function offered(line: string, word?: string): Promise<string[]> {
  const { code, stdout } = await gunyahRm(['completion', '--line', line, ...(word ? ['--word', word] : [])]);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => text.split('\t')[0] as string);
}

describe('completion', () => {
  it.each(Object.entries(completionScripts))('prints the script for %s', async (shell, script) => {
    expect((await gunyahRm(['completion', shell])).stdout).toBe(script);
  });

  it.each([[[]], [['powershell']]])('refuses %o', async (words) => {
    expect((await gunyahRm(['completion', ...words])).code).toBe(2);
  });

  it.each([
    ['gunyah-rm desc', ['describe']],
    ['gunyah-rm fuzz re', ['reproduce']],
    ['gunyah-rm decode --fo', ['--follow', '--format']],
    ['gunyah-rm decode x --ver', ['--verbose', '--version']],
    ['gunyah-rm decode --rules ', ['rm', 'a14', 'v17', 'a15', 'q515']],
    ['gunyah-rm decode --rules=v', ['--rules=v17']],
    ['gunyah-rm decode -T f', ['fields']],
    ['gunyah-rm simulate --manager ', ['rm23', 'modern']],
    ['gunyah-rm export json', ['json-schema']],
    ['gunyah-rm decode ', [':files']],
    ['gunyah-rm decode a b', [':files']],
    ['gunyah-rm decode --limit 3 ', [':files']],
    ['gunyah-rm decode --limit ', []],
    ['gunyah-rm decode x -o ', [':files']],
    ['gunyah-rm decode -- --fo', [':files']],
    ['gunyah-rm export c x', []],
    ['gunyah-rm describe VM_STA', ['VM_START', 'VM_STATUS', 'VM_STATE']],
    ['gunyah-rm describe MEM_INU', ['MEM_INUSE']],
    ['gunyah-rm fuzz --message MEM_LEND MEM_SHARE', ['MEM_SHARE', 'MEM_SHARED']],
    ['gunyah-rm call VM_STAR', ['VM_START']],
    ['gunyah-rm call VM_STATUS', []],
    ['gunyah-rm call vm_start v', ['vmid=']],
    ["gunyah-rm decode --filter 'laten", ['latency_ns']],
    ['gunyah-rm decode -e payload.image_', ['payload.image_offset', 'payload.image_size']],
    ['gunyah-rm nothing ', []],
    ['gunyah-rm', []],
  ])('offers after: %s', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });

  it('offers every command, message and file', async () => {
    expect((await offered('gunyah-rm ')).length).toBeGreaterThan(12);
    expect((await offered('gunyah-rm describe ')).length).toBeGreaterThan(100);
  });

  it('leaves out what bash does not replace', async () => {
    expect(await offered('gunyah-rm decode --rules=v', 'v')).toEqual(['v17']);
    expect(await offered("gunyah-rm decode --filter 'na", "'na")).toEqual(['name']);
  });
});

describe('shell words', () => {
  it.each([
    ['a  b ', ['a', 'b', '']],
    ['', ['']],
    [`a 'b c' "d \\"e"`, ['a', 'b c', 'd "e']],
    ["a 'b c", ['a', 'b c']],
    ["a ''", ['a', '']],
    ["a '' ", ['a', '', '']],
    ['a\\ b', ['a b']],
    ['a\\', ['a']],
    [`x"$(rm y)"z`, ['x$(rm y)z']],
  ])('%s', (line, words) => {
    expect(shellWords(line)).toEqual(words);
  });
});
