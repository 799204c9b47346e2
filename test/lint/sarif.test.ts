import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { sarifLog } from './sarif-schema.js';

const captures = resolve(import.meta.dirname, '../../captures');
/** Of RFC 3986, as far as it says which characters there may be. */
const uriReference = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const validate = new Ajv({ allErrors: true, formats: { 'uri-reference': uriReference } }).compile(sarifLog);

interface Log {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[];
    },
  ];
}

async function report(...files: string[]): Promise<Log> {
  const { stdout } = await gunyahRm(['lint', '--format', 'sarif', ...files]);
  return JSON.parse(stdout) as Log;
}

function filesIn(folder: string): string[] {
  const all = readdirSync(resolve(captures, folder), { recursive: true }) as string[];
  return all.filter((name) => name.endsWith('.ndjson')).map((name) => resolve(captures, folder, name));
}

describe('SARIF reports', () => {
  it.each([
    ['the recordings that show rules', filesIn('lint')],
    ['scenarios', filesIn('scenarios')],
    ['a capture', [resolve(captures, 'vm-lifecycle.pcapng')]],
  ])('of %s are valid, and their results name their rules', async (_, files) => {
    const log = await report(...files);
    validate(log);
    expect(validate.errors ?? []).toEqual([]);
    const [{ tool, results }] = log.runs;
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  it('are refused by the schema when a key is wrong', async () => {
    const [file = ''] = filesIn('lint/wire');
    const log = JSON.parse(JSON.stringify(await report(file)).replace('"ruleId"', '"rule"')) as unknown;
    expect(validate(log)).toBe(false);
  });
});
