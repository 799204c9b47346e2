import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { payloadFromJson } from '../../src/capture/payload/index.js';
import { codecOf } from '../../src/codec/index.js';
import { allParts } from '../../src/export/parts.js';
import { checkFixtures } from '../../src/golden/check.js';
import { countByProvenance, noEvidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { type FixtureJson, fixtureJson, plainSizeMax } from '../../src/golden/json.js';
import { decodeMessage } from '../../src/rpc/index.js';
import { type Call, MessageType, payloadOf } from '../../src/schema/index.js';
import { ListType, VariantType } from '../../src/wire/index.js';
import { partOf } from '../part.js';
import { cloneOf } from './clone.js';
import { evidence, fixtures } from './fixtures.js';
import { agreesWithReference } from './gather.js';
import { changesAfter, schemaNumbers } from './schema-changes.js';

const folder = resolve(import.meta.dirname, '../../captures/golden');
const stored = readdirSync(folder)
  .filter((name) => /^[A-Z].*\.json$/.test(name))
  .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FixtureJson[]);

describe('the golden fixtures', () => {
  it('are those that are checked in', () => {
    expect(checkFixtures(protocol, stored, fixtures)).toEqual([]);
    expect(stored.map(({ name }) => name).sort()).toEqual(fixtures.map(({ name }) => name).sort());
    expect(new Set(stored.map(({ name }) => name)).size).toBe(stored.length);
    expect(stored.length).toBeGreaterThan(2600);
  });

  it('fit their declarations, the recorded ones too', () => {
    expect(fixtures.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  it('come mostly from others than our encoder', () => {
    const counts = countByProvenance(fixtures);
    expect(counts.own).toBe(0);
    expect(counts.recorded).toBeGreaterThan(750);
    expect(counts.client).toBeGreaterThan(40);
    // Those that were recorded agree with the table as well.
    expect(fixtures.filter((fixture) => !agreesWithReference(fixture)).map(({ name }) => name)).toEqual([]);
  });

  it('decode to their values, and encode to their bytes', () => {
    for (const { frames, name, part, error, value, payload, seq } of fixtures) {
      const request = part.selection && { [part.selection.field]: part.selection.value };
      const over = /_51[23]$|_31$/.test(name);
      const { message, type } = part;
      const expected = { seq, id: message.id, type, ...(error === undefined ? {} : { error }) };
      const start = type === 'reply' ? 4 : 0;
      if (!over)
        expect(decodeMessage(protocol, frames, { ...(request && { request }) }), name).toMatchObject(
          expected,
        );
      const again = codecOf(part.layout).toBytes(payloadFromJson(part.layout, value) as never);
      expect(formatHex(again), name).toBe(formatHex(payload, start));
      expect(formatHex(payload), name).toBe(frames.map((frame) => formatHex(frame, 8)).join(''));
    }
  });

  it('have the forms that every message has', () => {
    const names = new Set(fixtures.map(({ name }) => name));
    for (const { message, part, layout, selection } of allParts(protocol)) {
      const lists = layout.fields.filter(({ type }) => type instanceof ListType);
      const byField = lists.some(({ type }) => 'cases' in (type as ListType).entry);
      const prefix = selection === undefined ? '' : `${selection.name}_`;
      const forms = layout.fields.length === 0 ? ['typical'] : ['smallest', 'typical', 'distinct', 'largest'];
      if (part === 'error_reply') forms.splice(forms.indexOf('typical'), 1);
      for (const form of byField ? [] : forms) {
        expect(names, `${message.name} ${form}`).toContain(`${message.name}.${part}.${prefix}${form}`);
      }
    }
    for (const form of [
      'acl_entries_0',
      'acl_entries_512',
      'acl_entries_513',
      'sgl_entries_512',
      'sgl_entries_513',
    ]) {
      expect(names).toContain(`MEM_SHARE.request.${form}`);
    }
    expect(fixtures.find(({ name }) => name === 'MEM_SHARE.request.sgl_entries_513')?.refused).toBe(
      'NORESOURCE',
    );
    expect(fixtures.find(({ name }) => name === 'VM_LOOKUP_NAME.request.name_80')?.refused).toBe(
      'ARGUMENT_INVALID',
    );
    expect(fixtures.find(({ name }) => name === 'MEM_SHARE.request.smallest')?.refused).toBe('MSG_INVALID');
  });

  it('stand at the edges of framing', () => {
    const sizes = (message: string, part: string) =>
      fixtures
        .filter(({ part: own }) => own.message.name === message && own.part === part)
        .map(({ payload }) => payload.length);
    expect(sizes('VM_CONSOLE_WRITE', 'request')).toEqual(expect.arrayContaining([232, 233, 14384, 14616]));
    expect(sizes('MEM_SHARE', 'request')).toEqual(expect.arrayContaining([232, 236, 12308]));
    expect(sizes('VM_EXITED', 'notification')).toEqual(expect.arrayContaining([232, 233, 14616]));
    const whole = new Set(
      fixtures.filter(({ payload }) => payload.length === 14616).map(({ frames }) => frames.length),
    );
    expect([...whole]).toEqual([63]);
  });

  it('are the same without evidence, but for what is known about them', () => {
    const bare = fixturesOf(protocol, protocol.byName.get('VM_STOP') as never, noEvidence);
    const same = fixtures.filter(
      ({ part, form }) => part.message.name === 'VM_STOP' && !/^(recorded|client)_/.test(form),
    );
    expect(bare.map(({ name, payload }) => [name, payload])).toEqual(
      same.map(({ name, payload }) => [name, payload]),
    );
    expect(new Set(bare.map(({ provenance }) => provenance))).toEqual(new Set(['own']));
  });
});

describe('the check', () => {
  const numbers = schemaNumbers();

  it('knows what there is to change', () => {
    expect(numbers.length).toBeGreaterThan(200);
    expect(
      protocol.messages.every(({ name }) =>
        numbers.some(({ message, path }) => message === name && path[0] === 'id'),
      ),
    ).toBe(true);
  });

  it('fails when one number of one schema changes', () => {
    for (const number of partOf(numbers)) {
      expect(
        changesAfter(number, evidence, stored),
        `${number.message} ${number.path.join('.')}`,
      ).not.toEqual([]);
    }
  });

  it('says which field changed, and how', () => {
    const fixture = fixtures.find(({ name }) => name === 'VM_STATUS.notification.typical');
    const before = fixtureJson(protocol, fixture as never);
    const edited = (change: Partial<FixtureJson>) =>
      checkFixtures(protocol, [{ ...before, ...change }], [fixture as never]).map(({ text }) => text);
    expect(edited({ value: { ...(before.value as object), vm_status: 'EXITED' } })).toEqual([
      'value.vm_status: "EXITED" -> "RUNNING"',
    ]);
    const [frame = ''] = before.frames;
    expect(edited({ frames: [`${frame.slice(0, 24)}09${frame.slice(26)}`] })).toEqual([
      'payload byte 4 (vm_status): 09 -> 03',
    ]);
    expect(edited({ frames: [`${frame.slice(0, 4)}07${frame.slice(6)}`] })).toEqual([
      'frames: other headers or other cuts',
    ]);
    expect(edited({ name: 'X' }).sort()).toEqual(['not in the set', 'only in the set']);
  });

  it('says which recorded bytes a changed layout does not fit', () => {
    const message = cloneOf(protocol.byName.get('VM_GET_STATE')) as Call;
    const layout = message.reply as unknown as { fields: unknown[] };
    // app_status is gone.
    layout.fields = layout.fields.slice(0, -1);
    const own = stored.filter((fixture) => fixture.message === 'VM_GET_STATE');
    const change = {
      message: { ...message, example: { ...message.example, reply: { vm_status: 3, os_status: 4 } } },
    };
    const texts = checkFixtures(protocol, own, fixturesOf(protocol, change.message as Call, evidence));
    const recordedOne = texts
      .filter(({ name }) => name === 'VM_GET_STATE.reply.recorded_1')
      .map(({ text }) => text);
    expect(recordedOne).toEqual([
      'value.app_status: 0 -> (absent)',
      'fault: (absent) -> "trailing, offset 2: expected 2, actual 4"',
    ]);
  });

  it('gives value and payload of all fixtures unless the set is compact, and checks both forms', () => {
    for (const fixture of fixtures) {
      const whole = fixtureJson(protocol, fixture);
      expect(whole.payload).toHaveLength(2 * fixture.payload.length);
      const compact = fixtureJson(protocol, fixture, plainSizeMax);
      expect(compact.frames).toEqual(whole.frames);
      expect(checkFixtures(protocol, [whole], [fixture])).toEqual([]);
      expect(checkFixtures(protocol, [compact], [fixture])).toEqual([]);
    }
  });

  it('looks into long fixtures, whose values are not stored', () => {
    const fixture = fixtures.find(({ name }) => name === 'MEM_APPEND.request.sgl_entries_512');
    const before = fixtureJson(protocol, fixture as never, plainSizeMax);
    expect(before.value).toBeUndefined();
    const frames = before.frames.map((frame, index) =>
      index === 1 ? `${frame.slice(0, 20)}ff${frame.slice(22)}` : frame,
    );
    const texts = checkFixtures(protocol, [{ ...before, frames }], [fixture as never]).map(
      ({ text }) => text,
    );
    expect(texts[0]).toMatch(/^value\.sgl_entries\[\d+\]\.(ipa|size): "0x.*" -> "0x.*"$/);
    expect(texts[1]).toMatch(/^payload byte 23[2-5] \(sgl_entries\[13\]/);
  });
});

it('names the replies that the request decides by what it asked', () => {
  const variants = protocol.messages.filter(
    (message) => payloadOf(message, MessageType.reply) instanceof VariantType,
  );
  for (const { name } of variants) {
    const own = stored.filter(
      (fixture) => fixture.message === name && fixture.type === 'reply' && fixture.error === 'OK',
    );
    expect(own.every(({ request }) => request !== undefined)).toBe(true);
    expect(new Set(own.map(({ request }) => JSON.stringify(request))).size).toBe(2);
  }
  expect(variants).toHaveLength(1);
});
