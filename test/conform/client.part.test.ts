import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { clientTreatments } from '../../src/conform/index.js';
import { type GenerationName, generations } from '../../src/host/index.js';
import { type VmGenerationName, vmGenerations } from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { gunyahRm } from '../cli/run.js';
import { isWhole } from '../part.js';
import { patienceMs } from '../patience.js';
import { Server, Workshop } from '../serve/server.js';
import { failuresOf, type ModelOutcome, outcomesOf, transportModel, vmManagerModel } from './client-model.js';

/** In the first stage a generation of each kind. */
const transports = isWhole ? (Object.keys(generations) as GenerationName[]) : (['a14', 'q515'] as const);
const managersOf = <T extends readonly [string, ...unknown[]]>(rows: readonly T[]) =>
  rows.filter(([name]) => isWhole || name === 'a14' || name === 'v17');

/** Messages that a VM manager does not send in the life of its VM, so that their cases are skipped, and why. */
const skipped = {
  regions: {
    MEM_DONATE: 'no Linux client donates memory to a VM',
    VM_AUTH_IMAGE: 'only the q clients authenticate a VM by themselves',
    VM_SET_FIRMWARE_MEM: 'the VM has no firmware',
    VM_SET_DEMAND_PAGING: 'all memory is given at START (client.md, section 5)',
    VM_SET_ADDRESS_LAYOUT: 'not before v17 (client.md, section 5)',
    VM_SET_BOOT_CONTEXT: 'not before v17 (client.md, section 5)',
  },
  paged: {
    MEM_SHARE: 'only the parcel of the devicetree goes to RM, and it is lent (client.md, section 5)',
    MEM_DONATE: 'no Linux client donates memory to a VM',
    VM_AUTH_IMAGE: 'only the q clients authenticate a VM by themselves',
    MEM_RECLAIM:
      'the parcel of the devicetree of a VM that has run is never reclaimed (client.md, section 6)',
    VM_SET_FIRMWARE_MEM: 'v17 has no firmware (client.md, section 5); the VMs of a15 and a16 here have none',
  },
  v11: {
    MEM_LEND: 'it shares all memory (client.md, section 7)',
    VM_STOP: 'the manager does not start a VM whose image is shared, so nothing runs that could be stopped',
  },
} as const;

/** Defects of the VM managers, with the number of cases that fail because of them (client.md, sections 3, 5 and 6). */
const defects = {
  regions: { no_reply: 19, pages_pinned: 3, vmid_lost: 3, empty_reply: 2, empty_notification: 1 },
  v11: { no_reply: 14, pages_pinned: 3, vmid_lost: 3, empty_reply: 1, empty_notification: 1 },
  paged: { no_reply: 14, vmid_lost: 15, empty_reply: 1, empty_notification: 1 },
} as const;
const { empty_reply: _, ...others } = defects.paged;
/** The pages of a devicetree that RM refused stay pinned, too. */
const pinned = { ...others, 'pages_pinned,empty_reply': 1 };

const vmManagers = [
  ['v9', { skips: skipped.regions, defects: defects.regions }],
  ['v10', { skips: skipped.regions, defects: defects.regions }],
  ['v11', { skips: { ...skipped.regions, ...skipped.v11 }, defects: defects.v11 }],
  ['a14', { skips: skipped.regions, defects: defects.regions }],
  ['v17', { skips: skipped.paged, defects: defects.paged }],
  ['a15', { skips: skipped.paged, defects: pinned }],
  ['a16', { skips: skipped.paged, defects: pinned }],
] as const satisfies readonly (readonly [VmGenerationName, object])[];

/** Messages whose cases were skipped. */
const skippedIn = (outcomes: readonly ModelOutcome[]) =>
  new Set(
    outcomes.filter(({ status }) => status === 'skipped').map(({ reason }) => reason?.split(' ').at(-1)),
  );

function countsOf(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const profileOf = (generation: VmGenerationName) =>
  vmGenerations[generation].memory === 'regions' ? managers.rm23 : managers.modern;

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

  it.each(managersOf(vmManagers))('find nothing in the careful VM manager of %s', (generation, { skips }) => {
    const outcomes = outcomesOf(vmManagerModel(generation, 'careful'), true, profileOf(generation));
    expect(failuresOf(outcomes)).toEqual([]);
    // The careful manager of v11 lends the image, and so gets further than the faithful one.
    const reasons = generation === 'v11' ? skipped.regions : skips;
    expect(skippedIn(outcomes)).toEqual(new Set(Object.keys(reasons)));
  });

  it.each(managersOf(vmManagers))(
    'find in the faithful VM manager of %s its known defects, and nothing else',
    (generation, { skips, defects: known }) => {
      const outcomes = outcomesOf(vmManagerModel(generation, 'faithful'), false, profileOf(generation));
      const failures = failuresOf(outcomes);
      // client.md, section 5: a VM whose START has failed is not reset, so its VMID and its parcels stay.
      expect(failures).toContainEqual(
        expect.stringMatching(/^errors\/VM_INIT-NOMEM: the manager still has VMID 128/),
      );
      expect(failures).toContainEqual(
        expect.stringMatching(/^broken\/VM_START-lost: the manager still has VMID 128/),
      );
      expect(failures.filter((text) => /^(replies|malformed|usual)/.test(text))).toEqual([]);
      const failed = outcomes.filter(({ status }) => status === 'failed');
      expect(failed.filter((outcome) => outcome.defects.length === 0)).toEqual([]);
      expect(countsOf(failed.map((outcome) => outcome.defects.join()))).toEqual(known);
      expect(skippedIn(outcomes)).toEqual(new Set(Object.keys(skips)));
    },
  );
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
      '1000',
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
      await gunyahRm(['call', 'VM_GET_VMID', '--socket', path, '--timeout', String(patienceMs)]);
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
