import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { gunyahRm } from '../cli/run.js';
import { findingOf } from './finding.js';
import { recordedSessions } from './recorded-source.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-corpus-'));
const corpus = join(folder, 'corpus');
const dictionary = join(corpus, 'gunyah-rm.dict');

afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const finding = join(folder, 'finding-001.ndjson');
  writeFileSync(finding, findingOf(recordedSessions()[0] ?? []));
  const { stdout, code } = await gunyahRm(['fuzz', 'corpus', '--out', corpus, '--from', finding]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${files().length} messages\n`);
});

function files(): string[] {
  return ['requests', 'replies', 'notifications'].flatMap((kind) =>
    readdirSync(join(corpus, kind)).map((name) => join(corpus, kind, name)),
  );
}

describe('a corpus', () => {
  it('has every message, of goldens and findings, each input once', () => {
    const names = files().map((file) => basename(file));
    for (const { name } of protocol.messages)
      expect(names.some((file) => file.startsWith(`${name}.`))).toBe(true);
    expect(names.filter((name) => name.startsWith('finding-001.')).length).toBeGreaterThan(0);
    expect(new Set(files().map((file) => readFileSync(file, 'hex'))).size).toBe(files().length);
  });

  it('consists of whole queue messages: each but the last of a file has 240 bytes', () => {
    for (const file of files().filter((name) => !name.includes('finding'))) {
      const bytes = readFileSync(file);
      expect(bytes[0]).toBe(0x21);
      for (let at = 0; at < bytes.length; at += protocol.limits.queue_message) expect(bytes[at]).toBe(0x21);
    }
  });

  it('has a dictionary of named byte strings', () => {
    const lines = readFileSync(dictionary, 'utf8').trimEnd().split('\n').slice(1);
    expect(lines).toContain('VM_START="\\x04\\x00\\x00\\x56"');
    for (const line of lines) expect(line).toMatch(/^\w+="(\\x[0-9a-f]{2})+"$/);
  });
});
