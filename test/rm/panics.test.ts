import { describe, expect, it } from 'vitest';
import { VM_GET_VMID } from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import { type PanicReason, panicPlaces, platforms } from '../../src/rm/index.js';
import { Bench, Boots, HLOS } from './guest.js';
import { panicDocument } from './panic-text.js';
import { ways } from './panic-ways.js';

const { OK } = RmError;

describe('the document about them', () => {
  it('is current', async () => {
    await expect(panicDocument()).toMatchFileSnapshot('../../src/rm/PANICS.md');
  });
});

describe('every place where the public manager dies', () => {
  const reasons = Object.keys(ways) as PanicReason[];

  it.each(reasons)('%s can be reached', (reason) => {
    const { go, platform = platforms.native } = ways[reason];
    const boots = new Boots(new Bench({ platform }));
    go(boots);
    expect(boots.bench.panics).toEqual([reason]);
    expect(boots.error(VM_GET_VMID.id)).toBeUndefined();
  });

  it.each(reasons)('%s is survived by a careful manager', (reason) => {
    const { go, platform = platforms.native, careful = panicPlaces[reason].carefulError } = ways[reason];
    const boots = new Boots(new Bench({ platform, careful: true }));
    expect(go(boots) ?? OK).toBe(careful);
    expect(boots.bench.panics).toEqual([]);
    expect(boots.bench.ask(VM_GET_VMID.id)).toEqual([[VM_GET_VMID.id, OK, HLOS]]);
  });
});
