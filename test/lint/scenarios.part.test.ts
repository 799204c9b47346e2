import { cpSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { ownFolder } from '../own-folder.js';
import { partOf } from '../part.js';

const folder = resolve(import.meta.dirname, '../../captures/scenarios');

/**
 * The q clients do not look whether RM gave them a payload (client.md, section 11): each life of a VM meets that where they
 * ask for what the public manager answers without one, or with an error.
 */
const ofQcom = (pointers: number, lost: number) => ({
  'q61/error-reply-pointer': pointers,
  'q61/unset-reply-pointer': 3,
  'q61/lost-reply': lost,
});

/** Findings above `suspicious`, by rule. All other scenarios have none. */
const kept: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // It kills the manager: a VM is deallocated twice.
  crash: { 'rm23/vm-dealloc-unknown-vmid': 1 },
  // It fills the queue of a VM that takes nothing: two replies are dropped, and their callers wait.
  exhaustion: { 'life/message-lost': 2, 'v9/no-reply': 2 },
  // It asks for the state of a VM that is gone. Only clients with this defect have the call.
  firmware: { 'q61/error-reply-pointer': 1 },
  'life-q515': ofQcom(2, 2),
  'life-q61': ofQcom(1, 1),
  'life-q66': ofQcom(1, 1),
  'life-q612': ofQcom(1, 1),
};

const names = readdirSync(folder).flatMap((name) =>
  name.endsWith('.ndjson') ? [name.slice(0, -'.ndjson'.length)] : [],
);

describe('what lint finds above suspicious in scenarios, of all peers', () => {
  it.each(partOf(names))('%s', async (name) => {
    const own = ownFolder();
    cpSync(join(folder, 'dtb'), join(own, 'dtb'), { recursive: true });
    const capture = join(own, `${name}.pcapng`);
    await gunyahRm(['simulate', join(folder, `${name}.ndjson`), '-o', capture]);
    const { stdout } = await gunyahRm(['lint', '--json', '--level', 'hangs', capture]);
    const counts: Record<string, number> = {};
    for (const line of stdout.split('\n')) {
      if (line === '') continue;
      const { rule } = JSON.parse(line) as { rule: string };
      counts[rule] = (counts[rule] ?? 0) + 1;
    }
    expect(counts).toEqual(kept[name] ?? {});
  });

  it('names scenarios that there are', () => {
    expect(Object.keys(kept).filter((name) => !names.includes(name))).toEqual([]);
  });
});
