import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { clientTreatments } from '../../src/conform/index.js';
import { type GenerationName, generations } from '../../src/host/index.js';
import type { VmGenerationName } from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { gunyahRm } from '../cli/run.js';
import { isWhole } from '../part.js';
import { Server, Workshop } from '../serve/server.js';
import { failuresOf, outcomesOf, transportModel, vmManagerModel } from './client-model.js';

/** In the first stage a generation of each kind. */
const transports = isWhole ? (Object.keys(generations) as GenerationName[]) : (['a14', 'q515'] as const);
const managersOf = <T extends readonly [string, ...unknown[]]>(rows: readonly T[]) =>
  rows.filter(([name]) => isWhole || name === 'a14');

const profileOf = (generation: VmGenerationName) =>
  generation === 'a15' || generation === 'a16' ? managers.modern : managers.rm23;

describe('the cases for clients', () => {
  it('have names of their own, and begin with the usual session', () => {
    const treatments = clientTreatments();
    const names = treatments.map(({ chapter, what }) => `${chapter}/${what}`);
    expect(names[0]).toBe('usual/session');
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(80);
  });

  it.each(transports.map((name) => [name] as const))(
    'find of the transport of %s what is known',
    (generation) => {
      const failures = failuresOf(outcomesOf(transportModel(generation), false));
      // client.md, section 11: q515 follows an error pointer when nobody waits for a reply.
      const known = ['replies/doubled', 'replies/other-seq', 'replies/other-id', 'malformed/version'];
      expect(failures).toEqual(
        generation === 'q515' ? known.map((name) => `${name}: the client crashed: unexpected_reply`) : [],
      );
    },
  );

  it.each(managersOf([['v9'], ['v10'], ['v11'], ['a14'], ['a15'], ['a16']] as const))(
    'find nothing in the careful VM manager of %s',
    (generation) => {
      const outcomes = outcomesOf(vmManagerModel(generation, 'careful'), true, profileOf(generation));
      expect(failuresOf(outcomes)).toEqual([]);
      expect(outcomes.filter(({ status }) => status === 'passed').length).toBeGreaterThan(55);
    },
  );

  it.each(
    managersOf([
      ['v9', 24],
      ['v10', 24],
      ['v11', 24],
      ['a14', 29],
      ['a15', 30],
      ['a16', 30],
    ] as const),
  )('find what the faithful VM manager of %s leaves behind', (generation, countMax) => {
    const failures = failuresOf(
      outcomesOf(vmManagerModel(generation, 'faithful'), false, profileOf(generation)),
    );
    // client.md, section 5: a VM whose START has failed is not reset, so its VMID and its parcels stay.
    expect(failures).toContainEqual(
      expect.stringMatching(/^errors\/VM_INIT-NOMEM: the manager still has VMID 128/),
    );
    expect(failures).toContainEqual(
      expect.stringMatching(/^broken\/VM_START-lost: the manager still has VMID 128/),
    );
    expect(failures.filter((text) => /^(replies|malformed|usual)/.test(text))).toEqual([]);
    expect(failures.length).toBeLessThanOrEqual(countMax);
  });
});

const workshop = new Workshop();
afterAll(() => workshop.remove());

describe.skipIf(process.platform === 'win32')('conform client (needs unix sockets)', () => {
  it('plays the manager for whoever connects, one case for each connection', async () => {
    const path = workshop.file('client.sock');
    let report = '';
    const args = [
      'conform',
      'client',
      '--socket',
      path,
      '--idle',
      '60',
      '--filter',
      'replies/',
      '--filter',
      'malformed/',
    ];
    const played = await Server.command([...args, '--format', 'json'], (text) => {
      report += text;
    }).isReady();
    let isOver = false;
    void played.ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await gunyahRm(['call', 'VM_GET_VMID', '--socket', path, '--timeout', '2000']);
      await sleep(5);
    }
    expect((await played.ended).code).toBe(0);
    const lines = report
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toEqual({
      cases: 9,
      passed: 9,
      failed: 0,
      failed_required: 0,
      blocked: 0,
      skipped: 0,
    });
  });

  it('says that no client came, and lists its cases', async () => {
    const path = workshop.file('nobody.sock');
    const { code, stdout } = await gunyahRm([
      'conform',
      'client',
      '--socket',
      path,
      '--wait',
      '50',
      '--filter',
      'usual',
    ]);
    expect({ code, stdout }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('blocked usual/session'),
    });
    const list = await gunyahRm([
      'conform',
      'client',
      '--socket',
      path,
      '--list',
      '--filter',
      'errors/VM_START',
    ]);
    expect(list.stdout).toContain('errors/VM_START-NOMEM  (required)  After an error of VM_START');
  });
});
