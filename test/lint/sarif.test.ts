import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';

const captures = resolve(import.meta.dirname, '../../captures');
/** Of RFC 3986, as far as it says which characters there may be. */
const uriReference = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
/**
 * The schema of SARIF 2.1.0 as Microsoft publishes it (MIT). It names draft 4 of JSON Schema, and uses nothing of it that
 * means something else in the later draft that Ajv takes.
 */
const { $schema: _draft, id: _id, ...sarifLog } = schema;
const ajv = new Ajv({
  allErrors: true,
  strict: false,
  // A pattern of it is none with the flag u.
  unicodeRegExp: false,
  formats: { 'uri-reference': uriReference, uri: uriReference, 'date-time': true },
});
const validate = ajv.compile(sarifLog);

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
